import { compileTemplate } from "../../src/expr/compile_template.ts";
import { orThrow } from "../../src/expr/testing.ts";
import type { Vars } from "../../src/model/expression.ts";
import type { ValueMap } from "../../src/model/json.ts";
import type { CapturePlan, KindName, PoolPlan, TaskPlan } from "../../src/model/plan.ts";
import type { Backpressure, Call, CancelReason, Failure } from "../../src/model/verdict.ts";
import { realPorts } from "../../src/runtime/real_ports.ts";
import { makeBody } from "../../src/tasks/body_store.ts";
import type { Answer, Performer } from "../../src/tasks/kind.ts";
import { kindNamed } from "../../src/tasks/registry.ts";

/** What a test says of the task it opens. */
export interface TaskOptions {
  readonly directory?: string;
  /** The task is declared `idempotent`. */
  readonly idempotent?: boolean;
  readonly capture?: CapturePlan;
  /** Result fields that an expression of the task reads. */
  readonly reads?: readonly string[];
  /** Path of a `save`. */
  readonly save?: string;
  readonly connectMs?: number;
  readonly attemptMs?: number;
  /** Given where several tasks share a pool. */
  readonly pool?: PoolPlan;
}

/** A task that was opened by itself, without an engine around it. */
export interface OpenedTask {
  perform(vars?: Vars, call?: TestCall): Promise<Answer | Failure | Backpressure>;
  /** As `perform`; throws unless it was an answer. */
  answer(vars?: Vars): Promise<Answer>;
  /** As `perform`; throws unless it was a failure. */
  failure(vars?: Vars, call?: TestCall): Promise<Failure>;
  /** What the last attempt would save. */
  saved(): string;
  close(): Promise<void>;
}

/** Opens a task of this kind on the real machine. The test closes it. */
export async function openTask(
  kind: KindName,
  spec: ValueMap,
  options: TaskOptions = {},
): Promise<OpenedTask> {
  const task = taskPlan(kind, spec, options);
  const open = await kindNamed(kind).load();
  const performer = await open({
    task,
    pool: options.pool ?? poolPlan(),
    ports: realPorts(),
    runId: "test-run",
    directory: options.directory ?? "/nowhere",
    template: (source) => orThrow(compileTemplate(source, { item: "dyn" })),
    renderTarget: (source) => source,
    resultExpression: noExpression,
    secretVariables: [],
    redactor: { mask: (text) => text, margin: 0 },
    learnSecret: () => {},
    reads: (field) => options.reads?.includes(field) ?? false,
  });
  return wrap(performer, task);
}

/** A pool of the plan, for tasks that share one. */
export function poolPlan(limit = 4): PoolPlan {
  const concurrency = { min: limit, max: limit };
  return { name: "db", kind: "sql", spec: {}, concurrency, rate: null, breaker: null, per: null, why: {} };
}

/** An attempt that a test may cancel. */
export class TestCall implements Call {
  cancelled: CancelReason | undefined;
  onCancel: ((reason: CancelReason) => void) | undefined;
  readonly attempt = 1;
  limit = Infinity;
  private readonly controller = new AbortController();

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  cancel(reason: CancelReason = { code: "timeout", message: "timed out after 1s" }): void {
    this.cancelled = reason;
    this.onCancel?.(reason);
    this.controller.abort(reason);
  }
}

function taskPlan(kind: KindName, spec: ValueMap, options: TaskOptions): TaskPlan {
  const { connectMs = 5_000, attemptMs = 30_000, capture = { mode: "size", bytes: 16_384 } } = options;
  return {
    name: "t",
    kind,
    spec,
    pool: 0,
    concurrency: null,
    needs: [],
    if: null,
    foreach: null,
    matrix: null,
    key: null,
    only: null,
    first: null,
    timeouts: { attemptMs, connectMs, firstByteMs: null, idleMs: null, totalMs: null },
    retry: {
      attempts: 3,
      backoff: { initialMs: 200, maxMs: 20_000, jitter: "full" },
      on: [],
      until: null,
    },
    harmless: options.idempotent === true || kindNamed(kind).isHarmless(spec),
    expect: [],
    outputs: {},
    save: options.save === undefined ? null : { path: options.save, if: null },
    collect: null,
    capture,
    allowFailure: false,
    why: {},
  };
}

function wrap(performer: Performer, task: TaskPlan): OpenedTask {
  let saved = "";
  const perform: OpenedTask["perform"] = (vars = {}, call = new TestCall()) => {
    const decoder = new TextDecoder();
    saved = "";
    return performer.perform({
      vars,
      body: ({ maxBytes, main, keepContent = false, hash }) =>
        makeBody({
          maxBytes,
          capture: task.capture,
          keepContent,
          save: main ? { write: (chunk) => saved += decoder.decode(chunk), discard: () => saved = "" } : null,
          redactor: { mask: (text) => text, margin: 0 },
          hash,
        }),
    }, call);
  };
  return {
    perform,
    async answer(vars) {
      const answer = await perform(vars);
      if (answer.kind !== "answer") throw new Error(JSON.stringify(answer));
      return answer;
    },
    async failure(vars, call) {
      const failure = await perform(vars, call);
      if (failure.kind !== "failed") throw new Error(`not a failure: ${failure.kind}`);
      return failure;
    },
    saved: () => saved,
    close: () => performer.close(),
  };
}

/** Only a kind whose section has expressions over the result asks for them. */
function noExpression(source: string): never {
  throw new Error(`this kind has no expression ${source}`);
}
