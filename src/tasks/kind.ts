/**
 * What a kind of task is. One file per kind beside this one; `registry.ts` lists them all.
 *
 * A kind knows its protocol and nothing else: no pools, no retries, no journal, no report. It never starts an attempt,
 * never waits between two, and touches the machine only through the ports it is given.
 */
import type { ReportProblem } from "../model/diagnostic.ts";
import type { Expression, Scope, Template, Vars } from "../model/expression.ts";
import type { Value, ValueMap } from "../model/json.ts";
import type { KindName, PoolPlan, TaskPlan } from "../model/plan.ts";
import type { Redactor } from "../model/redactor.ts";
import type { Backpressure, Call, Failure } from "../model/verdict.ts";
import type { Ports } from "../runtime/ports.ts";
import type { Word } from "../schema/words.ts";
import type { Body } from "./body.ts";

/** What is known of a kind before anything runs. */
export interface Kind {
  readonly name: KindName;
  /** The section under a task: `http: { url, … }`. Validation, documentation and `config.schema.json` come from it. */
  readonly schema: Word<unknown>;
  /** The section of the same name under a target: the connection. Its texts read `params`, `secrets` and `run`. */
  readonly targetSchema: Word<unknown>;
  /**
   * Keys of the target's section that stay in `PoolPlan.spec` alone (`baseUrl`, `headers`, `auth`). Every other key of it
   * is merged under the task's section, so that `TaskPlan.spec` has the last word and a performer reads it there. None by default.
   */
  readonly targetOnly?: readonly string[];
  /** Built-in limits of the section by key: `maxBytes`. The plan fills them into every `TaskPlan.spec` and explains them. */
  readonly limits?: { readonly [key: string]: number };
  /** Phases that a timeout of their own can end; for others `timeout` says nothing. None by default. */
  readonly phases?: readonly ("connect" | "firstByte" | "idle")[];
  /** The built-in timeout of an attempt in milliseconds, null for none; 30 s by default. */
  readonly attemptMs?: number | null;
  /** What `expect`, `outputs`, `save` and `retry.until` may read of a result. */
  readonly resultFields: Scope;
  /** The list in `resultFields` whose elements may go to other tasks while the attempt still runs; none by default. */
  readonly streams?: string;
  /** Fields of `resultFields` for which the whole text must be kept: `text`, `json`. */
  readonly textFields: readonly string[];
  /**
   * Rules a schema cannot say. Paths given to `report` are relative to the kind's section.
   *
   * @param connection the section of the task's target, over that of `defaults`; empty without
   */
  check(spec: ValueMap, report: ReportProblem, connection: ValueMap): void;
  /** What a task does, as texts of the config, for `fanout plan`: `GET /users/${{ id }}`. */
  describe(spec: ValueMap): string;
  /** The pool of a task that names no target. */
  defaultPool(spec: ValueMap): DefaultPool;
  /** May an attempt whose fate is unknown be repeated, going by the spec alone? */
  isHarmless(spec: ValueMap): boolean;
  /** Loads drivers; called once a run, only when a task is of this kind. */
  load(): Promise<OpenTask>;
}

/** @see Kind.defaultPool */
export interface DefaultPool {
  /** `http`, `file`, `exec`, or the URL of a database. */
  readonly name: string;
  readonly concurrency: number | "cpus";
  /** One sentence for `fanout plan`. */
  readonly why: string;
  /** `"origin"`: each place that its inputs connect to, an HTTP origin or a database, gets a pool of its own. */
  readonly per: "origin" | null;
}

/** Compiles a task's templates once and gives what runs its attempts. */
export type OpenTask = (context: TaskContext) => Promise<Performer>;

/** What a kind gets to open one task of the plan. */
export interface TaskContext {
  readonly task: TaskPlan;
  readonly pool: PoolPlan;
  readonly ports: Ports;
  /** Subprocesses carry it in their environment, as `FANOUT_RUN_ID`: so those that outlive a killed run are found. */
  readonly runId: string;
  /** Absolute; relative paths start here. */
  readonly directory: string;
  /** Compiles a text of `task.spec`. @throws when it does not compile (it was checked at load). */
  template(source: string): Template;
  /** Compiles an expression of `task.spec` over the result's fields, and over `more` names. @throws as `template` */
  resultExpression(source: string, more: Scope): Expression;
  /** A text of `pool.spec`, rendered over params, secrets and run. @throws ExpressionError */
  renderTarget(source: string): Value;
  /** Names of environment variables that secrets were read from: children do not inherit them. */
  readonly secretVariables: readonly string[];
  readonly redactor: Redactor;
  /** From now on this text is masked wherever it is written: a token that was fetched. */
  learnSecret(this: void, text: string): void;
  /** True when an expression of the task reads this result field, so that it has to be made. */
  reads(field: string): boolean;
}

/** Runs the attempts of one task. */
export interface Performer {
  /** For a pool per origin: which pool of the family this input belongs to (`https://host:port`, `postgres://host:port/name`). */
  poolKey?(job: Job): string;
  /**
   * One attempt. Settles only when its work has really stopped; on `call.onCancel` it stops as soon as it can.
   * Never rejects for what a server, a file or a program does: that is a `Failure`.
   */
  perform(job: Job, call: Call): Promise<Answer | Failure | Backpressure>;
  /** Lets go of connections that are only kept for later: an attempt of some task found no descriptor. */
  spare?(): void;
  close(): Promise<void>;
}

/** One attempt's input. */
export interface Job {
  /** Every name the task's templates may read. */
  readonly vars: Vars;
  /** A place for a result's bytes. */
  body(options: BodyRequest): Body;
  /**
   * Opens the way for elements of {@link Kind.streams} to the tasks that go through them, as they arrive. Not opened, they
   * are taken from the answer. Absent where nothing goes through them, or not before the result was looked at.
   */
  stream?(): (element: ValueMap) => void;
}

/** @see Job.body */
export interface BodyRequest {
  /** At most this many are taken. */
  readonly maxBytes: number;
  /** What `save` writes. */
  readonly main: boolean;
  /** Whether an expression reads the whole content; by default when one reads any of the kind's `textFields`. */
  readonly keepContent?: boolean;
  /** False when the kind does not report a SHA-256; by default true. */
  readonly hash?: boolean;
}

/** A good status, exit or reply. `expect`, `outputs` and `save` come after it and are none of the kind's business. */
export interface Answer {
  readonly kind: "answer";
  /** What expressions read; make costly ones getters (`json` parses when first read and throws `DecodeError`). */
  readonly fields: Vars;
  /** `output` of the report by kind, texts already captured. */
  readonly output: ValueMap;
  /** What `save` writes; null when the kind has nothing to save. */
  readonly body: Body | null;
}

/** A body was not what an expression takes it for: code `decode`. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}
