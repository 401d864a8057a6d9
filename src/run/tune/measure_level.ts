import { openInputs } from "../../inputs/open_inputs.ts";
import type { Plan, PoolPlan } from "../../model/plan.ts";
import { LatencySketch } from "../../report/latency_sketch.ts";
import type { Measured } from "../../report/tuning.ts";
import type { Ports } from "../../runtime/ports.ts";
import { noSpool } from "../../runtime/spool.ts";
import { inputContext } from "../input_context.ts";
import { openPrograms } from "../open_programs.ts";
import type { Prepared } from "../prepare_run.ts";
import { startRunClock } from "../run_clock.ts";
import { type RunHandle, startRun } from "../run_plan.ts";
import { type CycledInputs, cycleInputs } from "./cycle_inputs.ts";
import type { TunePlan } from "./tune_plan.ts";

export interface MeasureOptions {
  readonly tuned: TunePlan;
  readonly ports: Ports;
  readonly prepared: Prepared;
  /** Attempts at a time at the target. */
  readonly concurrency: number;
  /** It ends after so many attempts, or after so many milliseconds from the first one on. */
  readonly samples: number;
  readonly forMs: number;
  /** Inputs of each task that earlier measurements have used; counted up here. */
  readonly used: Map<string, number>;
  /** The run can be stopped. */
  onStarted(handle: RunHandle): void;
}

/** A target that does not answer at all is given up after this. */
const silenceMs = 60_000;
/** What is in flight at the end may take so long. */
const graceMs = 10_000;

/** Runs the tasks of a tune plan at one concurrency, and says how fast the target was. */
export async function measureLevel(options: MeasureOptions): Promise<Measured> {
  const { tuned, ports, prepared, concurrency, samples, forMs, used } = options;
  const { clock } = ports;
  const plan = withConcurrency(tuned, concurrency);
  const latency = new LatencySketch();
  const codes = new Map<string, number>();
  const open = new Map<string, CycledInputs>();
  let errors = 0;
  let losses = 0;
  let firstAt = NaN;
  let lastAt = NaN;
  let endedInTime = 0;
  let isOver = false;

  const stop = () => {
    if (isOver) return;
    isOver = true;
    handle.stop({ how: "grace", graceMs, code: "interrupted", message: "enough was measured" });
  };
  const handle = await startRun({
    plan,
    ports,
    clock: startRunClock(plan.startedAt, clock),
    secrets: prepared.secrets,
    redactor: prepared.redactor,
    programs: await openPrograms(plan, { ports, ...prepared }, () => {}),
    openInputs(task, vars, from) {
      const context = inputContext(plan, ports, () => from!, vars);
      if (!tuned.sampled.has(task.name) || from !== null) return openInputs(task, context);
      const cycled = cycleInputs(() => openInputs(task, context), used.get(task.name) ?? 0, () => isOver);
      open.set(task.name, cycled);
      return cycled;
    },
    earlier: null,
    totals: new Map(plan.tasks.map(({ name }) => [name, null])),
    record: {
      begin: () => Promise.resolve(),
      setOrigin() {},
      end() {},
      total() {},
      keep() {},
      keepRows: () => false,
    },
    openSpool: () => noSpool,
    notice() {},
    onAttempt(task, run) {
      if (task.pool !== tuned.pool) return;
      const attempt = run.attempts.at(-1)!;
      if (attempt.outcome === "cancelled") return;
      latency.add(attempt.durationMs);
      if (attempt.outcome !== "ok") {
        errors++;
        if (attempt.isLoss) losses++;
        const code = attempt.error?.code ?? "internal";
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
      lastAt = attempt.startedAt + attempt.durationMs;
      if (Number.isNaN(firstAt)) {
        firstAt = attempt.startedAt;
        timer.cancel();
        timer = clock.after(firstAt + forMs - clock.now(), stop);
      }
      if (!isOver) endedInTime++;
      if (latency.count >= samples) stop();
    },
  });
  let timer = clock.after(silenceMs, stop);
  options.onStarted({
    ...handle,
    stop(reason) {
      // Inputs without end are at an end when the run is told to stop.
      isOver = true;
      handle.stop(reason);
    },
  });
  await handle.done;
  timer.cancel();
  for (const [name, { position }] of open) used.set(name, position);
  return {
    concurrency,
    samples: latency.count,
    perSecond: pace(),
    p50Ms: latency.count === 0 ? null : latency.quantile(0.5),
    p99Ms: latency.count === 0 ? null : latency.quantile(0.99),
    errors,
    losses,
    errorCodes: Object.fromEntries([...codes].sort((a, b) => b[1] - a[1])),
  };

  /** What ended once it was over came of a pool that ran dry: it counts only where there is little else. */
  function pace(): number {
    const spanMs = lastAt - firstAt;
    if (!(spanMs > 0)) return 0;
    const windowMs = Math.min(spanMs, forMs);
    const useful = endedInTime >= 2 * concurrency ? endedInTime / windowMs : latency.count / spanMs;
    return useful * 1_000;
  }
}

/** The same plan with a fixed limit at the target, nothing that would hide what it does, and room for it. */
function withConcurrency({ plan, pool }: TunePlan, concurrency: number): Plan {
  const pools = plan.pools.map((one, position): PoolPlan =>
    position === pool ? { ...one, concurrency: { min: concurrency, max: concurrency }, breaker: null } : one
  );
  const ceiling = Math.max(plan.run.concurrency, 2 * concurrency);
  return { ...plan, pools, run: { ...plan.run, concurrency: ceiling } };
}
