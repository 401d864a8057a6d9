import type { RunError } from "../model/outcome.ts";
import type { Backpressure, Call, Failure, Output } from "../model/verdict.ts";
import type { FinishedBody } from "./body.ts";
import { compileCommand, type RenderedCommand } from "./exec_command.ts";
import { type ProcessEnd, superviseProcess } from "./exec_process.ts";
import { defaultMaxBytes, type ExecSpec, isExitCodeIn } from "./exec_schema.ts";
import { type Answer, type Job, type OpenTask, type TaskContext } from "./kind.ts";
import { keepLastLine } from "./last_line.ts";
import { once } from "./once.ts";
import { readJson } from "./read_json.ts";
import { readText } from "./read_text.ts";

/** The exit code by which a program asks to be run again: EX_TEMPFAIL of sysexits.h. */
const temporaryFailure = 75;

/** Opens a task of subprocesses. */
export const openExec: OpenTask = (context) => {
  const command = compileCommand(context);
  const attempt = compileAttempt(context);
  return Promise.resolve({
    async perform(job, call) {
      const rendered = command(job.vars);
      return rendered.kind === "failed" ? rendered : await attempt(rendered, job, call);
    },
    close: () => Promise.resolve(),
  });
};

type Attempt = (command: RenderedCommand, job: Job, call: Call) => Promise<Answer | Failure | Backpressure>;

function compileAttempt({ task, ports, redactor, reads }: TaskContext): Attempt {
  const spec = task.spec as unknown as ExecSpec;
  const maxBytes = spec.maxBytes ?? defaultMaxBytes;
  const isOk = isExitCodeIn(spec.okExitCodes ?? [0]);
  const readsStdout = reads("stdout") || reads("json");
  const readsStderr = reads("stderr");
  const savesStdout = task.save !== null;

  return async (command, job, call) => {
    if (call.cancelled !== undefined) return failed({ ...call.cancelled, retryable: false });
    const stdout = job.body({ maxBytes, main: true, keepContent: readsStdout });
    const stderr = job.body({ maxBytes, main: false, keepContent: readsStderr });
    const lastLine = keepLastLine(redactor);
    const child = ports.processes.spawn({
      ...command,
      onOutput(stream, chunk) {
        // A body that has enough goes on counting: the program is not stopped for what it prints.
        if (stream === "stdout") stdout.write(chunk);
        else {
          stderr.write(chunk);
          lastLine.write(chunk);
        }
      },
    });
    if (child.kind === "not_started") {
      if (child.exhausted) return { kind: "backpressure", message: child.message };
      return failed({ code: "spawn", message: child.message, retryable: false });
    }

    const end = await superviseProcess(child, ports.clock, call);
    const out = stdout.finish();
    const err = stderr.finish();
    const output = outputOf(end, out, err);
    const trouble = troubleOf(end, isOk, lastLine.read()) ??
      (readsStdout || savesStdout ? tooLarge("stdout", out, maxBytes) : undefined) ??
      (readsStderr ? tooLarge("stderr", err, maxBytes) : undefined);
    if (trouble !== undefined) return failed(trouble, { fields: output, outputs: null, saved: null });
    return { kind: "answer", fields: resultFields(end, out, err), output, body: stdout };
  };
}

function failed(error: RunError, output?: Output): Failure {
  return output === undefined ? { kind: "failed", error } : { kind: "failed", error, output };
}

function troubleOf(
  end: ProcessEnd,
  isOk: (exitCode: number) => boolean,
  lastLine: string | undefined,
): RunError | undefined {
  if (end.cancelled !== undefined) return { ...end.cancelled, retryable: false };
  const details = lastLine === undefined ? "" : `: ${lastLine}`;
  if (end.exitCode === null) {
    // Nobody else sends this one as a rule.
    const hint = end.signal === "SIGKILL" ? " (by the system, when memory ran out?)" : "";
    return { code: "signal", message: `ended by ${end.signal}${hint}${details}`, retryable: false };
  }
  if (isOk(end.exitCode)) return undefined;
  return {
    code: "exit_code",
    message: `exited with ${end.exitCode}${details}`,
    retryable: end.exitCode === temporaryFailure,
  };
}

function tooLarge(name: string, { bytes }: FinishedBody, maxBytes: number): RunError | undefined {
  if (bytes <= maxBytes) return undefined;
  return {
    code: "too_large",
    message:
      `${name} has ${bytes} bytes, more than maxBytes (${maxBytes}), and is to be read or saved whole; ` +
      "raise exec.maxBytes, or let the program write a file",
    retryable: false,
  };
}

function outputOf(end: ProcessEnd, stdout: FinishedBody, stderr: FinishedBody): Output["fields"] {
  const out = stdout.captured("stdout");
  const err = stderr.captured("stderr");
  return {
    exitCode: end.exitCode,
    signal: end.signal,
    ...out.fields,
    stdoutBytes: stdout.bytes,
    stdoutSha256: stdout.sha256,
    ...err.fields,
    stderrBytes: stderr.bytes,
    stderrSha256: stderr.sha256,
    truncated: out.truncated || err.truncated,
    cpuMs: end.cpuMs,
    maxRssBytes: end.maxRssBytes,
    ...(end.leaked ? { leaked: true } : {}),
  };
}

/** Texts and JSON are read when they are first asked for, and once: an expression may ask for each element of a list. */
function resultFields(end: ProcessEnd, stdout: FinishedBody, stderr: FinishedBody): Answer["fields"] {
  const out = once(() => readText(stdout.content!, "stdout"));
  const err = once(() => readText(stderr.content!, "stderr"));
  const json = once(() => readJson(out(), "stdout"));
  return {
    exitCode: end.exitCode,
    signal: end.signal,
    cpuMs: end.cpuMs,
    maxRssBytes: end.maxRssBytes,
    get stdout() {
      return out();
    },
    get stderr() {
      return err();
    },
    get json() {
      return json();
    },
  };
}
