import type { Condition } from "../model/condition.ts";
import { type Expression, ExpressionError, type Vars } from "../model/expression.ts";
import type { Value } from "../model/json.ts";
import type { RunError } from "../model/outcome.ts";
import type { TaskPlan } from "../model/plan.ts";
import type { Redactor } from "../model/redactor.ts";
import type { Call, Failure, Output, Verdict } from "../model/verdict.ts";
import { makeBody } from "../tasks/body_store.ts";
import { type Answer, DecodeError, type Job } from "../tasks/kind.ts";
import { SaveError } from "../tasks/save.ts";
import { withoutTexts } from "./capture_budget.ts";
import type { Payload } from "./payload.ts";
import type { Program } from "./program.ts";
import type { RowFeed } from "./row_feed.ts";
import { type PendingSave, type SaveContext, startSave } from "./save_result.ts";
import { learnSecretOutput, openOutputs } from "./secret_outputs.ts";

/** What attempts of any task need. */
export interface AttemptContext {
  readonly redactor: Redactor;
  /** From now on this text is masked wherever it is written. */
  learnSecret(text: string): void;
  readonly save: SaveContext;
  /** Takes what goes to other tasks while an attempt still runs; one for all attempts of a task run. */
  rowFeed(task: number, payload: Payload): RowFeed;
  /** The machine had no descriptor or process to give. */
  onShortage(): void;
  /** Something the user should know of the target of this task. */
  warn(task: TaskPlan, message: string): void;
}

/** One attempt of one task run. */
export interface AttemptInput {
  /** Position of its task in the plan. */
  readonly task: number;
  readonly payload: Payload;
  readonly call: Call;
}

/**
 * One attempt from outside: the kind performs it, then `expect` is held against the result, `outputs` are evaluated, and
 * `save` is written. A kind knows of none of these.
 */
export async function performAttempt(
  program: Program,
  { task, payload, call }: AttemptInput,
  context: AttemptContext,
): Promise<Verdict> {
  let pending: PendingSave | null = null;
  try {
    pending = startSave(program, payload.vars, { task, index: payload.index }, context.save);
    const rows = program.streamsTo.length === 0 ? null : context.rowFeed(task, payload);
    const job = jobFor(program, payload, pending, rows, context);
    const answer = await program.performer.perform(job, call);
    if (answer.kind === "backpressure") {
      context.onShortage();
      return answer;
    }
    if (answer.kind === "failed") {
      if (answer.warning !== undefined) context.warn(program.task, answer.warning);
      return withRetryOn(program, call, answer);
    }
    if (!program.looksAtResult) {
      return { kind: "ok", output: { fields: answer.output, outputs: null, saved: null } };
    }
    const feeds = program.feeds.filter(({ consumer }) => !rows?.isOpen || !rows.consumers.includes(consumer));
    return await judge({ ...program, feeds }, { task, payload, call }, answer, pending, context);
  } catch (error) {
    return withRetryOn(program, call, failureOf(error));
  } finally {
    pending?.discard();
  }
}

function jobFor(
  program: Program,
  payload: Payload,
  pending: PendingSave | null,
  rows: RowFeed | null,
  context: AttemptContext,
): Job {
  return {
    vars: payload.vars,
    body: (request) =>
      makeBody({
        maxBytes: request.maxBytes,
        capture: program.task.capture,
        keepContent: (request.keepContent ?? program.readsContent) ||
          (request.main && pending?.needsContent === true),
        save: request.main ? pending?.sink ?? null : null,
        redactor: context.redactor,
        ...(request.hash === undefined ? {} : { hash: request.hash }),
      }),
    ...(rows === null ? {} : { stream: () => rows.open() }),
  };
}

async function judge(
  program: Program,
  { payload, call }: AttemptInput,
  answer: Answer,
  pending: PendingSave | null,
  context: AttemptContext,
): Promise<Verdict> {
  const hasSecrets = program.outputs.some(({ secret }) => secret);
  // What was captured was masked when the secret in it was not known yet, and may have been cut in the middle of it.
  const fields = hasSecrets ? withoutTexts(answer.output) : answer.output;
  const plain: Output = { fields, outputs: null, saved: null };
  const vars = resultVars(payload.vars, answer.fields);
  if (hasSecrets) learnEarly(program, vars, context);
  try {
    if (program.until !== null && !program.until.holds(vars)) {
      const error: RunError = {
        code: "until",
        message: `waiting for ${unmet(program.until, vars, context)}`,
        retryable: true,
      };
      return { kind: "failed", error, output: plain, isPoll: true };
    }
    const broken = program.expect.find((condition) => !condition.holds(vars));
    if (broken !== undefined) {
      const message = withStatus(`expected ${unmet(broken, vars, context)}`, fields);
      const error: RunError = { code: "expect", message, retryable: false };
      return withRetryOn(program, call, { kind: "failed", error, output: plain });
    }
    const outputs: Record<string, Value> = {};
    for (const { name, value, secret } of program.outputs) {
      outputs[name] = value.evaluate(vars);
      if (secret) learnSecretOutput(name, outputs[name]!, context.learnSecret);
    }
    const collected = program.collected?.evaluate(
      Object.assign(Object.create(vars), { outputs: openOutputs(program.task, outputs) }),
    );
    const feeds = feedOthers(program, vars);
    const saved = pending === null ? null : await pending.commit(vars, answer.body);
    return {
      kind: "ok",
      output: { ...plain, outputs: program.outputs.length > 0 ? outputs : null, collected, saved, ...feeds },
    };
  } catch (error) {
    const { error: found } = failureOf(error);
    const message = found.code === "template" ? withStatus(found.message, fields) : found.message;
    return withRetryOn(program, call, { ...failed({ ...found, message }), output: plain });
  }
}

/** An answer that `okStatus` let through is often no answer to what was asked: then its status is the news. */
function withStatus(message: string, { status }: Output["fields"]): string {
  const isPlain = typeof status !== "number" || (status >= 200 && status < 300);
  return isPlain || message.includes(String(status)) ? message : `${message}; the status was ${status}`;
}

/** A condition that does not hold, and what was found instead. */
function unmet(condition: Condition, vars: Vars, { redactor }: AttemptContext): string {
  const found = condition.found(vars, (text) => redactor.mask(text));
  return found === "" ? condition.source : `${condition.source}, but ${found}`;
}

/** Before anything else speaks of the result; what is wrong with an output is said in its turn. */
function learnEarly(program: Program, vars: Vars, { learnSecret }: AttemptContext): void {
  for (const { name, value, secret } of program.outputs) {
    if (!secret) continue;
    try {
      learnSecretOutput(name, value.evaluate(vars), learnSecret);
    } catch (error) {
      if (!(error instanceof ExpressionError || error instanceof DecodeError)) throw error;
    }
  }
}

/** The task's names and the result's, whose getters are left unread. */
function resultVars(vars: Vars, fields: Vars): Vars {
  return Object.assign(Object.create(fields), vars);
}

/** The lists that other tasks go through. A list that cannot be made is the other task's trouble. */
function feedOthers(program: Program, vars: Vars): Pick<Output, "feeds" | "brokenFeeds"> {
  const feeds = new Map<number, readonly Value[]>();
  const brokenFeeds = new Map<number, string>();
  for (const { consumer, each } of program.feeds) {
    try {
      feeds.set(consumer, listOf(each, vars));
    } catch (error) {
      if (!(error instanceof ExpressionError || error instanceof DecodeError)) throw error;
      brokenFeeds.set(consumer, error.message);
    }
  }
  return { feeds, brokenFeeds };
}

function listOf(each: Expression, vars: Vars): readonly Value[] {
  const list = each.evaluate(vars);
  if (Array.isArray(list)) return list;
  throw new ExpressionError(`each "${each.source}" has to give a list, one item for each element`);
}

/** `retry.on` adds to what a kind takes for repeatable: a code, or a code with the status or exit code it came with. */
function withRetryOn(program: Program, call: Call, failure: Failure): Failure {
  const { on } = program.task.retry;
  if (on.length === 0 || failure.error.retryable) return failure;
  const code = call.cancelled?.code ?? failure.error.code;
  const detail = failure.output?.fields[code === "http_status" ? "status" : "exitCode"];
  if (!on.includes(code) && !on.includes(`${code}:${detail}`)) return failure;
  return { ...failure, error: { ...failure.error, retryable: true } };
}

function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ExpressionError) return failed({ code: "template", message, retryable: false });
  if (error instanceof DecodeError) return failed({ code: "decode", message, retryable: false });
  if (error instanceof SaveError) return failed({ code: "save", message, retryable: false });
  throw error;
}

function failed(error: RunError): Failure {
  return { kind: "failed", error };
}
