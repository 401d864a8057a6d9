import type { Host, Output, Ports } from "../runtime/ports.ts";
import type { ParsedArguments } from "./command.ts";

/** Runs a command; with `--quiet` nothing is printed unless its exit code is not 0. */
export async function unlessQuiet(
  args: ParsedArguments,
  ports: Ports,
  body: (ports: Ports) => Promise<number>,
): Promise<number> {
  if (!args.has("quiet")) return await body(ports);
  const held = holdOutput(ports.host);
  const exitCode = await body({ ...ports, host: held.host });
  if (exitCode !== 0) held.show();
  return exitCode;
}

/** A host whose stderr is kept until somebody has to read it. */
interface HeldOutput {
  readonly host: Host;
  /** Writes what was kept, and everything from now on at once. */
  show(): void;
}

/** More than this says the same thing over and over: the beginning is what tells. */
const maxHeldLength = 1024 * 1024;

/** A host that has to end at once shows what was kept first. */
function holdOutput(host: Host): HeldOutput {
  const { stderr } = host;
  const pieces: string[] = [];
  let length = 0;
  let isShown = false;
  const write = (text: string | Uint8Array): void => {
    if (isShown) return stderr.write(text);
    if (length >= maxHeldLength) return;
    const piece = typeof text === "string" ? text : new TextDecoder().decode(text);
    length += piece.length;
    pieces.push(piece);
  };
  const show = (): void => {
    isShown = true;
    for (const piece of pieces.splice(0)) stderr.write(piece);
  };
  const held: Output = {
    write,
    get closed() {
      return stderr.closed;
    },
    get isTerminal() {
      return stderr.isTerminal;
    },
    columns: stderr.columns,
    rows: stderr.rows,
    onResize: stderr.onResize,
  };
  const exit = (code: number): never => {
    if (code !== 0) show();
    return host.exit(code);
  };
  return { host: { ...host, stderr: held, exit }, show };
}
