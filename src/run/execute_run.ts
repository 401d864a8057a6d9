import { noticeChange } from "../inputs/notice_change.ts";
import { openInputs } from "../inputs/open_inputs.ts";
import type { Journal } from "../journal/journal.ts";
import type { Value } from "../model/json.ts";
import { settledLimit } from "../engine/limit_history.ts";
import type { PoolView } from "../engine/types.ts";
import type { Plan, PoolPlan } from "../model/plan.ts";
import type { Result } from "../model/result.ts";
import type { RunClosing, TargetClosing } from "../model/run_record.ts";
import { encodeInput, encodeResult } from "../report/encode_result.ts";
import type { RunStats } from "../report/run_stats.ts";
import type { Ports } from "../runtime/ports.ts";
import { fileSpool } from "../runtime/spool.ts";
import { captureBudget } from "./capture_budget.ts";
import { idOfList, idOfPiece, jsonOfPieces, keptFromJournal } from "./earlier_result.ts";
import { exitCodeOf, type RunEnd, statusOf } from "./exit_code.ts";
import { inputContext } from "./input_context.ts";
import { listJson } from "./list_json.ts";
import type { Prepared } from "./prepare_run.ts";
import { startRunClock } from "./run_clock.ts";
import { type EarlierWork, type RunFacts, type RunHandle, type RunSetup, startRun } from "./run_plan.ts";
import type { StopSignal } from "./signals.ts";

export interface ExecuteOptions {
  readonly plan: Plan;
  readonly ports: Ports;
  readonly prepared: Prepared;
  /** What the run goes on with; null for a run from the start. */
  readonly earlier: EarlierWork | null;
  readonly journal: Journal;
  /** @see RunFiles.spool */
  readonly spoolPath: string;
  readonly stats: RunStats;
  /** Something the user should know and that fails nothing. */
  notice(message: string): void;
  readonly onAttempt?: RunSetup["onAttempt"];
  /** Each result as it ends, not yet masked. */
  onResult?(result: Result): void;
  /** Each result once it is in the journal. */
  onRecorded?(task: number, index: number): void;
  /** The run has begun: it can be looked at and stopped. */
  onStarted(handle: RunHandle): void;
}

/** Runs a plan to its end, into its journal. */
export async function executeRun(options: ExecuteOptions): Promise<RunFacts> {
  const { plan, ports, prepared, journal } = options;
  const { redactor } = prepared;
  const budget = captureBudget(plan.run.captureBudget);
  const handle = await startRun({
    plan,
    ports,
    clock: startRunClock(plan.startedAt, ports.clock),
    secrets: prepared.secrets,
    redactor,
    programs: prepared.programs,
    openInputs(task, vars, from) {
      const context = inputContext(plan, ports, () => from!, vars);
      return noticeChange(
        openInputs(task, context),
        task,
        prepared.survey.tasks.get(task.name)!,
        context,
        options.notice,
      );
    },
    earlier: options.earlier,
    totals: new Map([...prepared.survey.tasks].map(([name, { count }]) => [name, count])),
    record: {
      total: journal.setTotal.bind(journal),
      setOrigin: (task, index, origin) => journal.setOrigin(task, index, origin),
      begin: (task, payload) =>
        journal.begin(task, payload.index, payload.id, encodeInput(payload, redactor)),
      keepRows(task, { index, id }, number, json) {
        const mayBeKept = !redactor.finds(json);
        if (mayBeKept) journal.addList(task, index, idOfPiece(id, plan.runId, number), json);
        return mayBeKept;
      },
      end(task, payload, result, feeds, rows) {
        options.onResult?.(result);
        const addList = (consumer: number, json: string) =>
          journal.addList(task, payload.index, idOfList(payload.id, plan.tasks[consumer]!), json);
        for (const [consumer, list] of feeds ?? []) {
          // Lists in pieces come with what is taken over, and do not come here.
          const json = listJson(list as readonly Value[]);
          addList(consumer, redactor.finds(json) ? keptFromJournal : json);
        }
        for (const consumer of rows?.consumers ?? []) {
          const { pieces } = rows!;
          addList(consumer, pieces === null ? keptFromJournal : jsonOfPieces(plan.runId, pieces));
        }
        const kept = budget.apply(plan.tasks[task]!, result);
        const json = encodeResult(kept, redactor);
        budget.spend(json.length);
        options.stats.add(kept, json);
        journal.append(task, payload.index, payload.id, result.outcome, json);
        options.onRecorded?.(task, payload.index);
      },
      keep(task, { index, id }, { result, json, lists }) {
        for (const list of lists) journal.addList(task, index, list.id, list.json);
        budget.spend(json.length);
        options.stats.add(result, json, true);
        journal.keep(task, index, id, result.outcome, json);
        options.onRecorded?.(task, index);
      },
    },
    notice: options.notice,
    openSpool: () => fileSpool(ports.disk, options.spoolPath),
    onAttempt: options.onAttempt,
  });
  options.onStarted(handle);
  return await handle.done;
}

/** How it ended, for the journal, the report and the shell. */
export function closingOf(
  plan: Plan,
  facts: RunFacts,
  ports: Ports,
  signal: StopSignal | null,
  notDurable: boolean,
): RunClosing {
  const end: RunEnd = { ...facts, signal, notDurable, stoppedBy: stoppedBy(facts) };
  const exitCode = exitCodeOf(end);
  const now = ports.clock.now();
  return {
    finishedAt: startRunClock(plan.startedAt, ports.clock).stamp(now),
    durationMs: Math.round(now),
    status: statusOf(end, exitCode),
    stoppedBy: end.stoppedBy,
    exitCode,
    totalKnown: facts.totalKnown,
    targets: Object.fromEntries(
      facts.pools.map((view, position) => {
        const pool = plan.pools[position]!;
        return [pool.name, targetClosing(pool, view, now)];
      }),
    ),
  };
}

function targetClosing(pool: PoolPlan, view: PoolView, now: number): TargetClosing {
  const { limit, peak, throttled, unavailable, retriesWithheld, pools, breaker, limitHistory } = view;
  return {
    limit,
    peak,
    throttled,
    unavailable,
    retriesWithheld,
    pools,
    breaker: breaker && { ...breaker, openMs: Math.round(breaker.openMs) },
    adaptive: limitHistory.length === 0 ? null : {
      ...pool.concurrency,
      settled: settledLimit(limitHistory, now),
      history: limitHistory.map(({ at, limit, why }) => ({ atMs: Math.round(at), limit, why })),
    },
  };
}

function stoppedBy({ stop }: RunFacts): RunClosing["stoppedBy"] {
  switch (stop?.code) {
    case "interrupted":
      return "signal";
    case "run_timeout":
      return "timeout";
    case "max_failures":
      return "max_failures";
    default:
      return null;
  }
}
