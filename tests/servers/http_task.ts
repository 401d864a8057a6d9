import { compileExpression } from "../../src/expr/compile_expression.ts";
import { compileTemplate } from "../../src/expr/compile_template.ts";
import type { Vars } from "../../src/model/expression.ts";
import type { ValueMap } from "../../src/model/json.ts";
import type { PoolPlan, TaskPlan, Timeouts } from "../../src/model/plan.ts";
import type { CancelReason } from "../../src/model/verdict.ts";
import type { HttpPort } from "../../src/runtime/http_port.ts";
import type { Clock } from "../../src/runtime/ports.ts";
import { realPorts } from "../../src/runtime/real_ports.ts";
import { makeBody } from "../../src/tasks/body_store.ts";
import { openHttp } from "../../src/tasks/http.ts";
import { httpKind } from "../../src/tasks/http_schema.ts";
import type { Performer } from "../../src/tasks/kind.ts";

/** An `http` task as a plan has it, as far as a test cares. */
export interface GivenTask {
  /** The task's section. */
  readonly http: ValueMap;
  /** The target's section. */
  readonly target?: ValueMap;
  readonly perOrigin?: boolean;
  readonly idempotent?: boolean;
  readonly timeouts?: Partial<Timeouts>;
  readonly environment?: { readonly [name: string]: string };
  readonly directory?: string;
  /** A text that must not be shown. */
  readonly secret?: string;
  /** In place of the network. */
  readonly network?: HttpPort;
  /** In place of the real one. */
  readonly clock?: Clock;
  readonly learnSecret?: (text: string) => void;
}

const redactorOf = (secret: string | undefined) => ({
  mask: (text: string) => secret === undefined ? text : text.replaceAll(secret, "***"),
  margin: secret?.length ?? 0,
});

/** Opens it. Expressions read `item`, `params` and `secrets`. */
export function openTask(given: GivenTask): Promise<Performer> {
  const timeouts = { attemptMs: 5_000, connectMs: 5_000, firstByteMs: null, idleMs: null, totalMs: null };
  const task = {
    name: "it",
    kind: "http",
    spec: given.http,
    timeouts: { ...timeouts, ...given.timeouts },
    harmless: given.idempotent === true || httpKind.isHarmless(given.http),
  } as Partial<TaskPlan> as TaskPlan;
  const pool = {
    name: "api",
    spec: given.target ?? {},
    per: given.perOrigin ? "origin" : null,
  } as Partial<PoolPlan> as PoolPlan;
  const ports = realPorts();
  const template = (source: string) => {
    const compiled = compileTemplate(source, { item: "dyn", params: "dyn", secrets: "dyn" });
    if (!compiled.ok) throw new Error(compiled.problems[0]!.message);
    return compiled.value;
  };
  return openHttp({
    task,
    pool,
    ports: {
      ...ports,
      http: given.network ?? ports.http,
      clock: given.clock ?? ports.clock,
      host: { ...ports.host, environment: given.environment ?? {} },
    },
    runId: "test-run",
    directory: given.directory ?? "/",
    template,
    renderTarget: (source) => template(source).render({ params: {}, secrets: { token: "s3cret-token" } }),
    resultExpression(source, more) {
      const compiled = compileExpression(source, { item: "dyn", ...httpKind.resultFields, ...more });
      if (!compiled.ok) throw new Error(compiled.problems[0]!.message);
      return compiled.value;
    },
    secretVariables: [],
    redactor: redactorOf(given.secret),
    learnSecret: given.learnSecret ?? (() => {}),
    reads: () => true,
  });
}

/** One attempt on `item`, with every text kept. `begun` gets what cancels it. */
export function attempt(
  performer: Performer,
  item: unknown = null,
  options: {
    readonly begun?: (cancel: (reason: CancelReason) => void) => void;
    readonly secret?: string;
    /** The same object is another attempt of the same task run. */
    readonly vars?: Vars;
  } = {},
): ReturnType<Performer["perform"]> {
  const vars = options.vars ?? { item, params: {}, secrets: {} };
  const call = {
    signal: new AbortController().signal,
    cancelled: undefined as CancelReason | undefined,
    onCancel: undefined as ((reason: CancelReason) => void) | undefined,
    attempt: 1,
    limit: 1,
  };
  const verdict = performer.perform({
    vars,
    body: ({ maxBytes, keepContent }) =>
      makeBody({
        maxBytes,
        capture: { mode: "size", bytes: 16_384 },
        keepContent: keepContent ?? true,
        save: null,
        redactor: redactorOf(options.secret),
      }),
  }, call);
  options.begun?.((reason) => {
    call.cancelled = reason;
    call.onCancel?.(reason);
  });
  return verdict;
}
