import type { ReportProblem } from "../model/diagnostic.ts";
import type { Plan, SecretSource } from "../model/plan.ts";
import type { Host, SourceFiles } from "../runtime/ports.ts";

/** What secrets are read through. */
export interface SecretPorts {
  readonly host: Pick<Host, "environment">;
  readonly sources: Pick<SourceFiles, "probe" | "open">;
}

/** Shorter ones are refused: masking every `abc` would tear the report apart and hide nothing. */
const fewestCharacters = 6;
/** A larger file is no secret but a mistake. */
const mostBytes = 64 * 1024;

/**
 * Reads every secret of a plan, before anything runs; one trailing newline is cut. Those that are missing, empty, too short
 * or no text are reported, and left out. No message ever holds a value.
 */
export async function readSecrets(
  plan: Pick<Plan, "secrets">,
  ports: SecretPorts,
  report: ReportProblem,
): Promise<ReadonlyMap<string, string>> {
  const values = new Map<string, string>();
  for (const [name, source] of Object.entries(plan.secrets)) {
    const found = await readSecret(source, ports);
    const wrong = "wrong" in found ? found.wrong : wrongWith(found.text);
    if (wrong === undefined && "text" in found) values.set(name, withoutNewline(found.text));
    else report(["secrets", name], `secret ${name}: ${whereOf(source)} ${wrong}`);
  }
  return values;
}

type Found = { readonly text: string } | { readonly wrong: string };

function readSecret(source: SecretSource, ports: SecretPorts): Promise<Found> | Found {
  if ("env" in source) {
    const text = ports.host.environment[source.env];
    return text === undefined ? { wrong: "is not set: export it, or change the config" } : { text };
  }
  if ("file" in source) return readFile(source.file, ports.sources);
  return { wrong: "cannot be run yet: use env or file" };
}

async function readFile(path: string, sources: SecretPorts["sources"]): Promise<Found> {
  const facts = await sources.probe(path);
  if (!facts.readable) return { wrong: `cannot be read: ${facts.why}` };
  if (facts.bytes > mostBytes) {
    return { wrong: `has ${facts.bytes} bytes: a secret has at most ${mostBytes}` };
  }
  const reader = sources.open(path);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  try {
    for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > mostBytes) {
        return { wrong: `is still growing: a secret has at most ${mostBytes} bytes` };
      }
    }
    return { text: text + decoder.decode() };
  } catch (error) {
    // A decoder says no more than that it failed; what a file system says has no part of the content in it.
    const why = error instanceof TypeError ? "it is no UTF-8 text" : (error as Error).message;
    return { wrong: `cannot be read: ${why}` };
  } finally {
    reader.close();
  }
}

function withoutNewline(text: string): string {
  return text.replace(/\r?\n$/, "");
}

function wrongWith(text: string): string | undefined {
  const count = [...withoutNewline(text)].length;
  if (count === 0) return "is empty";
  if (count >= fewestCharacters) return undefined;
  const characters = count === 1 ? "1 character" : `${count} characters`;
  return `has ${characters}: a secret has at least ${fewestCharacters}, or it could not be masked`;
}

function whereOf(source: SecretSource): string {
  if ("env" in source) return `the environment variable ${source.env}`;
  return "file" in source ? `the file ${source.file}` : `the command ${source.command[0]}`;
}
