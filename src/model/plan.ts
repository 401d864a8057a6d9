/**
 * What will happen: no optionals, defaults resolved, pools named, inputs still lazy. Plain JSON: it can be printed,
 * hashed, signed and sent; templates and expressions are text, secrets are names. It is compiled into functions where it runs.
 */
import type { Value, ValueMap } from "./json.ts";

/** Names of the task kinds. */
export type KindName = "http" | "file" | "exec" | "sql" | "redis";

export interface Plan {
  readonly name: string;
  /** The run it was made for: `run.id` and `run.startedAt` (RFC 3339, UTC) of its expressions. */
  readonly runId: string;
  readonly startedAt: string;
  readonly config: {
    /** As given on the command line. */
    readonly path: string;
    /** Absolute; relative paths of the config start here. */
    readonly directory: string;
    /** Hex. */
    readonly sha256: string;
  };
  /** Resolved values. */
  readonly params: ValueMap;
  /** What `--only` and `--first` left of it, as they were given; null for all of it. */
  readonly selection: string | null;
  readonly secrets: { readonly [name: string]: SecretSource };
  readonly run: RunPolicy;
  /** In the order they were declared, default pools last. */
  readonly pools: readonly PoolPlan[];
  /** In file order. Only those that were selected, with what they need. */
  readonly tasks: readonly TaskPlan[];
  readonly report: ReportPlan;
  /** Absolute; `save` and `collect` write below it. The config's directory unless `--output-dir` says otherwise. */
  readonly outputDirectory: string;
  /** Where values of params and of the run's policy came from: `params.day` → "--set", `run.concurrency` → "built-in". */
  readonly why: { readonly [setting: string]: string };
}

/** Where a secret is read from when the run starts. Files are absolute. */
export type SecretSource =
  | { readonly env: string }
  | { readonly file: string }
  | { readonly command: readonly string[] };

export interface RunPolicy {
  /** Attempts in flight over all pools. */
  readonly concurrency: number;
  /** Milliseconds from process start; null for none. */
  readonly timeoutMs: number | null;
  /** How many failures are tolerated; null for any number. A share is from 0 to 1. */
  readonly maxFailures: { readonly count: number } | { readonly share: number } | null;
  /** Past `maxFailures`: start nothing new, or abort what runs as well. */
  readonly onFailure: "drain" | "cancel";
  readonly graceMs: number;
  /** Bytes of captured text kept over the whole run. */
  readonly captureBudget: number;
  /** How many journals of this config are kept. */
  readonly keepRuns: number;
  /** Seeds the jitter of backoffs; null draws one. */
  readonly seed: number | null;
  /** Evaluated `run.lock`, `run.jitter`, `run.notify` as the config gives them (durations in ms); null without. */
  readonly lock: { readonly ifHeld: "fail" | "skip" | "wait" } | null;
  readonly jitterMs: number | null;
  readonly notify: readonly NotifyPlan[];
}

/** An address that is told how a run goes. */
export interface NotifyPlan {
  /** A template over `params`, `secrets` and `run`: it is rendered when it is called. */
  readonly url: string;
  readonly on: readonly ("start" | "success" | "failure")[];
  /** Null: by the host's name. */
  readonly style: "webhook" | "healthchecks" | null;
}

/** One pool, and the thing it protects. */
export interface PoolPlan {
  readonly name: string;
  /** The connection's kind; null for a plain pool such as `cpu: { concurrency: cpus }`. */
  readonly kind: KindName | null;
  /** The config's connection section (`baseUrl`, `headers`, `url`, …); templates are text. */
  readonly spec: ValueMap;
  /** Bounds of the limit; equal when it is fixed. */
  readonly concurrency: { readonly min: number; readonly max: number };
  readonly rate: { readonly limit: number; readonly perMs: number; readonly burst: number } | null;
  readonly breaker: BreakerPlan | null;
  /** `null`: one pool. `"origin"` or an expression: one pool of this shape per value, made as values appear. */
  readonly per: string | null;
  /** Where each setting came from and why, for `fanout plan`: `concurrency` → "targets.api", "default for HTTP: 16 per origin". */
  readonly why: { readonly [setting: string]: string };
}

export interface BreakerPlan {
  /** From 0 to 1. */
  readonly failureRate: number;
  readonly windowMs: number;
  readonly minCalls: number;
  readonly openForMs: number;
  readonly giveUpAfterMs: number;
}

export interface TaskPlan {
  readonly name: string;
  readonly kind: KindName;
  /**
   * The kind's section, merged over the target's (but for what `Kind.targetOnly` keeps there); templates are text, numbers
   * and switches are evaluated. A `null` under `headers` or `env` is kept: it takes the target's or the inherited one away.
   */
  readonly spec: ValueMap;
  /** Position in `plan.pools`. A pool with `per` stands for a family. */
  readonly pool: number;
  /** Sub-limit inside the pool; null for none. */
  readonly concurrency: number | null;
  readonly needs: readonly { readonly task: string; readonly when: "ok" | "any" | "done" }[];
  /** Expression; null for always. */
  readonly if: string | null;
  readonly foreach: ForeachPlan | null;
  readonly matrix: MatrixPlan | null;
  /** Template; null for identity by content. */
  readonly key: string | null;
  /** Only inputs with one of these keys are run (`--only task/KEY`); null for all. */
  readonly only: readonly string[] | null;
  /** Only this many inputs are run, the first ones (`--first`); null for all. */
  readonly first: number | null;
  readonly timeouts: Timeouts;
  readonly retry: RetryPlan;
  /** Whether an attempt whose fate is unknown may be repeated. */
  readonly harmless: boolean;
  readonly expect: readonly string[];
  readonly outputs: { readonly [name: string]: { readonly value: string; readonly secret: boolean } };
  readonly save: { readonly path: string; readonly if: string | null } | null;
  readonly collect: { readonly path: string; readonly value: string } | null;
  readonly capture: CapturePlan;
  readonly allowFailure: boolean;
  /** As in {@link PoolPlan.why}: `timeout.attempt`, `retry.attempts`, `concurrency`, `target`, … */
  readonly why: { readonly [setting: string]: string };
}

/** Milliseconds; null for none. Those that a kind has no phase for are null. */
export interface Timeouts {
  /** From slot to last byte or exit. */
  readonly attemptMs: number | null;
  readonly connectMs: number | null;
  readonly firstByteMs: number | null;
  readonly idleMs: number | null;
  /** One task run from its first attempt, waits included. */
  readonly totalMs: number | null;
}

export interface RetryPlan {
  /** Tries in all, at least 1. A poll (`until`) that names no number is bound by its total timeout alone: 2^53 - 1. */
  readonly attempts: number;
  readonly backoff: { readonly initialMs: number; readonly maxMs: number; readonly jitter: "full" | "none" };
  /** Added to the built-in table: `http_status:409`, `exit_code:255`, `timeout`, `expect`. */
  readonly on: readonly string[];
  /** Polls until this expression holds; null for no polling. */
  readonly until: string | null;
}

/** What of a result's text the report keeps. */
export type CapturePlan =
  | { readonly mode: "size"; readonly bytes: number }
  | { readonly mode: "failed" | "all" | "none" };

export type ForeachPlan =
  & {
    readonly as: string | null;
    readonly where: string | null;
    readonly unique: boolean;
    readonly batch: number | null;
    readonly empty: "ok" | "fail";
  }
  & ForeachSource;

/** Where items come from. Paths are templates over `params`, `run` and `needs`, relative to the config's directory; `-` is stdin. */
export type ForeachSource =
  | { readonly source: "list"; readonly items: readonly Value[] }
  | { readonly source: "values"; readonly values: string }
  | { readonly source: "range"; readonly range: string }
  /** `nul`: items end with a NUL instead of a line end, as `find -print0` writes them. */
  | { readonly source: "lines"; readonly path: string; readonly nul?: true }
  | { readonly source: "csv"; readonly path: string; readonly delimiter: string }
  | { readonly source: "jsonl"; readonly path: string }
  | { readonly source: "json"; readonly path: string; readonly select: string | null }
  | { readonly source: "glob"; readonly pattern: string }
  | { readonly source: "from"; readonly from: string; readonly each: string | null };

export interface MatrixPlan {
  /** Name → its values: a list, or a whole `${{ }}` that gives one. */
  readonly axes: { readonly [name: string]: readonly Value[] | string };
  readonly exclude: readonly ValueMap[];
  readonly include: readonly ValueMap[];
}

/** Where reports go; null for none. Absolute paths. */
export interface ReportPlan {
  readonly json: string | null;
  readonly html: string | null;
  readonly junit: string | null;
  readonly prometheus: string | null;
}
