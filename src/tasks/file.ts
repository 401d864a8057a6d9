import type { Value, ValueMap } from "../model/json.ts";
import type { ErrorCode } from "../model/outcome.ts";
import type { Backpressure, Call, Failure, Output } from "../model/verdict.ts";
import { type ReadFiles, ReadTrouble } from "../runtime/read_files.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import type { Body, FinishedBody } from "./body.ts";
import { type Content, loadContentReader } from "./file_content.ts";
import { defaultMaxBytes, type FileSpec } from "./file_schema.ts";
import { type Answer, DecodeError, type OpenTask } from "./kind.ts";

/** Opens a task of file reads. */
export const openFileTask: OpenTask = async (context) => {
  const { ports, directory } = context;
  const spec = context.task.spec as unknown as FileSpec;
  const path = context.template(spec.path);
  const maxBytes = spec.maxBytes ?? defaultMaxBytes;
  const reader = await loadContentReader(spec.format ?? null, context.reads);
  return {
    async perform(job, call) {
      const given = path.renderText(job.vars);
      if (given === "") return failed("not_found", "Cannot read a file: its path is empty");
      if (given.includes("\0")) {
        return failed("not_found", `Cannot read ${JSON.stringify(given)}: no path has a NUL in it`);
      }
      const body = job.body({ maxBytes, main: true, keepContent: reader.needsContent });
      const read = await readWhole(ports.files, resolvePath(directory, given), given, maxBytes, body, call);
      if ("kind" in read) return read;
      const finished = body.finish();
      return answer(finished, reader.open(given, finished), read.modifiedMs, body);
    },
    close: () => Promise.resolve(),
  };
};

async function readWhole(
  files: ReadFiles,
  path: string,
  shown: string,
  maxBytes: number,
  body: Body,
  call: Call,
): Promise<{ readonly modifiedMs: number } | Failure | Backpressure> {
  try {
    const opening = files.open(path);
    const file = opening instanceof Promise ? await opening : opening;
    try {
      // A file that is known to be too large is not read to find that out.
      if (file.bytes > maxBytes) return tooLarge(shown, file.bytes, maxBytes);
      for (;;) {
        if (call.cancelled !== undefined) return failed(call.cancelled.code, call.cancelled.message);
        const reading = file.read();
        const chunk = reading instanceof Promise ? await reading : reading;
        if (chunk === undefined) return file;
        if (!body.write(chunk)) return tooLarge(shown, body.bytes, maxBytes);
      }
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof ReadTrouble) return failureOf(error, shown);
    throw error;
  }
}

function failureOf(trouble: ReadTrouble, shown: string): Failure | Backpressure {
  const message = `Cannot read ${JSON.stringify(shown)}: ${trouble.message}`;
  if (trouble.reason === "exhausted") return { kind: "backpressure", message };
  if (trouble.reason === "stale") return failed("io", message, true);
  return failed(trouble.reason, message);
}

function tooLarge(shown: string, bytes: number, maxBytes: number): Failure {
  const message = `Cannot read ${
    JSON.stringify(shown)
  }: it has ${bytes} bytes or more, maxBytes is ${maxBytes}`;
  return failed("too_large", message);
}

function failed(code: ErrorCode, message: string, retryable = false): Failure {
  return { kind: "failed", error: { code, message, retryable } };
}

function answer(finished: FinishedBody, content: Content, modifiedMs: number, body: Body): Answer | Failure {
  const { bytes, sha256 } = finished;
  const output = (kept: ValueMap, truncated: boolean): ValueMap => ({ bytes, sha256, ...kept, truncated });
  const { fields, truncated } = content.isReported
    ? finished.captured("text")
    : { fields: {}, truncated: false };
  try {
    const decoded = content.decode();
    // A value is kept where the whole of its text would be.
    const isWhole = decoded !== undefined && !truncated && Object.hasOwn(fields, "text");
    return {
      kind: "answer",
      fields: resultFields(finished, content, modifiedMs),
      output: isWhole ? output(decoded, false) : output(fields, truncated),
      body,
    };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const kept: Output = { fields: output(fields, truncated), outputs: null, saved: null };
    return { ...failed("decode", error.message), output: kept };
  }
}

function resultFields(
  { bytes, sha256 }: FinishedBody,
  content: Content,
  modifiedMs: number,
): Answer["fields"] {
  return {
    bytes,
    sha256,
    modifiedAt: new Date(modifiedMs),
    get text(): string {
      return content.text();
    },
    get json(): Value {
      return content.json();
    },
    get rows(): Value {
      return content.rows();
    },
  };
}
