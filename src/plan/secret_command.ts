import type { Plan } from "../model/plan.ts";
import type { Redactor } from "../model/redactor.ts";
import { writtenDuration } from "../model/written.ts";
import type { Clock, Host } from "../runtime/ports.ts";
import type { Processes } from "../runtime/processes.ts";
import { superviseProcess } from "../tasks/exec_process.ts";
import { keepLastLine } from "../tasks/last_line.ts";
import type { CancelReason } from "../model/verdict.ts";

/** What a program that prints a secret is run through. */
export interface CommandPorts {
  readonly host: Pick<Host, "environment">;
  readonly processes: Processes;
  readonly clock: Clock;
}

/** What a program printed, or what went wrong, in words that read on after its name. */
export type Printed = { readonly text: string } | { readonly wrong: string };

/** Longer than a password manager takes, shorter than anybody waits for one. */
const timeoutMs = 30_000;

/**
 * Runs the program of a secret in the config's directory, with the environment as it is and nothing on stdin, and gives what
 * it printed. It has 30 s, and `maxBytes` to print. Only the last line of its stderr appears in a message.
 *
 * @param signal ends it early
 */
export async function runSecretCommand(
  [program = "", ...args]: readonly string[],
  { config }: Pick<Plan, "config">,
  ports: CommandPorts,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Printed> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const complaint = keepLastLine(nothingToMask);
  const output: { chunks: Uint8Array[]; bytes: number } = { chunks: [], bytes: 0 };
  const child = ports.processes.spawn({
    program,
    arguments: args,
    cwd: config.directory,
    environment: setVariables(ports.host.environment),
    stdin: null,
    onOutput(stream, chunk) {
      if (stream === "stderr") return complaint.write(chunk);
      output.bytes += chunk.length;
      if (output.bytes <= maxBytes) output.chunks.push(chunk.slice());
    },
  });
  if (child.kind === "not_started") return { wrong: `could not be started: ${child.message}` };

  const line: { onCancel: ((reason: CancelReason) => void) | undefined } = { onCancel: undefined };
  const ended = superviseProcess(child, ports.clock, line);
  const message = `did not end within ${writtenDuration(timeoutMs)}`;
  const timer = ports.clock.after(timeoutMs, () => line.onCancel?.({ code: "timeout", message }));
  const stop = () => line.onCancel?.({ code: "interrupted", message: "was interrupted" });
  signal?.addEventListener("abort", stop);
  const { exitCode, signal: endedBy, cancelled } = await ended;
  signal?.removeEventListener("abort", stop);
  timer.cancel();
  const last = complaint.read();
  const said = last === undefined ? "" : `: ${last}`;
  if (cancelled) return { wrong: cancelled.message + said };
  if (endedBy !== null) return { wrong: `was ended by ${endedBy}${said}` };
  if (exitCode !== 0) return { wrong: `exited with ${exitCode}${said}` };
  if (output.bytes > maxBytes) {
    return { wrong: `printed ${output.bytes} bytes: a secret has at most ${maxBytes}` };
  }
  try {
    return {
      text: output.chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode(),
    };
  } catch {
    return { wrong: "printed what is no UTF-8 text" };
  }
}

/** A program that failed has printed no secret. */
const nothingToMask: Redactor = { mask: (text) => text, margin: 0 };

function setVariables(environment: Host["environment"]): { readonly [name: string]: string } {
  const set = Object.entries(environment).filter((entry): entry is [string, string] =>
    entry[1] !== undefined
  );
  return Object.fromEntries(set);
}
