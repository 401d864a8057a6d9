import { compileTemplate } from "../../src/expr/compile_template.ts";
import type { Template, Vars } from "../../src/model/expression.ts";
import type { ValueMap } from "../../src/model/json.ts";
import type { CapturePlan, PoolPlan, TaskPlan } from "../../src/model/plan.ts";
import type { Redactor } from "../../src/model/redactor.ts";
import type { Backpressure, Call, CancelReason, Failure } from "../../src/model/verdict.ts";
import type { Ports } from "../../src/runtime/ports.ts";
import { realPorts } from "../../src/runtime/real_ports.ts";
import { makeBody, type SaveSink } from "../../src/tasks/body_store.ts";
import type { Answer, OpenTask, Performer } from "../../src/tasks/kind.ts";

/** One attempt of a task, without an engine around it. */
export interface AttemptSetup {
  readonly directory: string;
  readonly vars?: Vars;
  /** Result fields that an expression of the task reads. */
  readonly reads?: readonly string[];
  readonly capture?: CapturePlan;
  readonly save?: SaveSink;
  readonly secretVariables?: readonly string[];
  readonly redactor?: Redactor;
  /** Takes the place of the machine's. */
  readonly ports?: Partial<Ports>;
  /** Cancelled when this settles. */
  readonly cancelOn?: Promise<CancelReason>;
}

/** Opens a task with this section. */
export function openTask(open: OpenTask, spec: ValueMap, setup: AttemptSetup): Promise<Performer> {
  return open({
    task: { spec, save: setup.save ? { path: "f", if: null } : null } as unknown as TaskPlan,
    pool: { spec: {} } as PoolPlan,
    ports: { ...realPorts(), ...setup.ports },
    runId: "test-run",
    directory: setup.directory,
    template: (source) => templateOf(source, setup.vars ?? {}),
    renderTarget: (source) => source,
    resultExpression: noExpression,
    secretVariables: setup.secretVariables ?? [],
    redactor: setup.redactor ?? noSecrets,
    learnSecret: () => {},
    reads: (field) => setup.reads?.includes(field) ?? false,
  });
}

/** Opens it and performs one attempt. */
export async function perform(
  open: OpenTask,
  spec: ValueMap,
  setup: AttemptSetup,
): Promise<Answer | Failure | Backpressure> {
  const performer = await openTask(open, spec, setup);
  try {
    return await performOnce(performer, setup);
  } finally {
    await performer.close();
  }
}

/** One attempt of a task that is open. */
export function performOnce(performer: Performer, setup: AttemptSetup): ReturnType<Performer["perform"]> {
  const call: Call = {
    signal: new AbortController().signal,
    cancelled: undefined,
    onCancel: undefined,
    attempt: 1,
    limit: 1,
  };
  setup.cancelOn?.then((reason) => {
    Object.assign(call, { cancelled: reason });
    call.onCancel?.(reason);
  });
  const job = {
    vars: setup.vars ?? {},
    body: (request: Parameters<Parameters<Performer["perform"]>[0]["body"]>[0]) =>
      makeBody({
        maxBytes: request.maxBytes,
        capture: setup.capture ?? { mode: "size", bytes: 16 * 1024 },
        keepContent: request.keepContent ?? (setup.reads ?? []).length > 0,
        save: request.main ? setup.save ?? null : null,
        redactor: setup.redactor ?? noSecrets,
        ...(request.hash === undefined ? {} : { hash: request.hash }),
      }),
  };
  return performer.perform(job, call);
}

const noSecrets: Redactor = { mask: (text) => text, margin: 0 };

/** A text of a task's section, over variables of any type. */
function templateOf(source: string, vars: Vars): Template {
  const scope = Object.fromEntries(Object.keys(vars).map((name) => [name, "dyn" as const]));
  const compiled = compileTemplate(source, scope);
  if (compiled.ok) return compiled.value;
  throw new Error(compiled.problems[0]!.message);
}

/** Only a kind whose section has expressions over the result asks for them. */
function noExpression(source: string): never {
  throw new Error(`this kind has no expression ${source}`);
}
