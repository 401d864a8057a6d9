/**
 * Wires a plan to what runs it: sources to pools, attempts to kinds, ends to the journal. It decides nothing about
 * retries and pools (the engine does), nothing about formats (the report does), and prints nothing (the command does).
 */
import { type Engine, runEngine } from "../engine/engine.ts";
import type { PoolView, Source, Stop, TaskRun } from "../engine/types.ts";
import { identifyInputs } from "../inputs/identify.ts";
import type { EarlierRuns } from "../journal/earlier_runs.ts";
import type { Vars } from "../model/expression.ts";
import type { InputSource } from "../model/input.ts";
import type { Ending, OutcomeCounts, SkipReason } from "../model/outcome.ts";
import type { Plan, TaskPlan } from "../model/plan.ts";
import type { LearningRedactor } from "../model/redactor.ts";
import type { Result } from "../model/result.ts";
import type { OriginChange, Origins } from "../model/run_record.ts";
import type { RunView } from "../model/run_view.ts";
import type { Output } from "../model/verdict.ts";
import { printable } from "../model/written.ts";
import type { Ports } from "../runtime/ports.ts";
import type { Spool } from "../runtime/spool.ts";
import { makeCarryOver, type Tally } from "./carry_over.ts";
import type { KeptResult } from "./earlier_result.ts";
import { engineClock } from "./engine_clock.ts";
import { FromEdge } from "./from_edge.ts";
import { gatedSource } from "./gated_source.ts";
import { InputOrder } from "./input_order.ts";
import { makeResult } from "./make_result.ts";
import type { Payload } from "./payload.ts";
import { makeNeededAgain } from "./needed_again.ts";
import { type AttemptContext, performAttempt } from "./perform_attempt.ts";
import { allOutputsRead, outputsRead } from "./outputs_read.ts";
import { sharedVars } from "./open_programs.ts";
import type { Program } from "./program.ts";
import { reservedRegister } from "./reserved_register.ts";
import { retryRandom } from "./retry_random.ts";
import { RowFeed } from "./row_feed.ts";
import type { RunClock } from "./run_clock.ts";
import { RunTally } from "./run_tally.ts";
import { claimSaved, type SaveContext } from "./save_result.ts";
import { openOutputs } from "./secret_outputs.ts";
import { makeTaskGraph, tasksNeeded } from "./task_graph.ts";
import { taskSource } from "./task_source.ts";
import { sumTotals, viewRun } from "./view_run.ts";

/** Everything a run needs, made before it begins. */
export interface RunSetup {
  readonly plan: Plan;
  readonly ports: Ports;
  readonly clock: RunClock;
  readonly secrets: ReadonlyMap<string, string>;
  readonly redactor: LearningRedactor;
  /** The tasks, opened, in the order of the plan; they are closed at the end. */
  readonly programs: readonly Program[];
  /** Opens a task's inputs; called when its turn comes. */
  openInputs(task: TaskPlan, vars: Vars, from: FromEdge | null): InputSource;
  /** What this run goes on with; null for a run from the start. */
  readonly earlier: EarlierWork | null;
  /** Number of inputs by task; null where only reading them tells. */
  readonly totals: ReadonlyMap<string, number | null>;
  /** Where finished runs go, before they count as done. */
  readonly record: RunRecorder;
  /** Something the user should know and that fails nothing. */
  notice(message: string): void;
  /** Makes a place for items that wait and are too many for memory. */
  openSpool(): Spool;
  /** After each attempt; `retryInMs` when another one follows. */
  onAttempt?(task: TaskPlan, run: TaskRun<Payload>, retryInMs: number | null): void;
}

/** @see RunSetup.earlier */
export interface EarlierWork {
  readonly runs: EarlierRuns;
  /** Names of tasks that run again, whatever became of them. */
  readonly rerun: ReadonlySet<string>;
}

/** The journal and the statistics, as the run sees them. */
export interface RunRecorder {
  /** For a run that may not be repeated: resolves when its begin is on disk. */
  begin(task: number, payload: Payload): Promise<void>;
  /**
   * Appends one result, and before it the lists that it gives to other tasks, by their positions; of rows that were handed
   * on as they came, how they were kept.
   */
  end(task: number, payload: Payload, result: Result, feeds: Output["feeds"], rows: KeptRows | null): void;
  /** Keeps a piece of the rows of a run that has not ended, numbered from 0; false when it must not be kept. */
  keepRows(task: number, payload: Payload, number: number, json: string): boolean;
  /** All inputs of a task were read whose number was not known before. */
  total(task: number, count: number): void;
  /** From this input of a task on, they come from another run of its producer. */
  setOrigin(task: number, index: number, origin: number): void;
  /** Takes over the result of an earlier run. */
  keep(task: number, payload: Payload, kept: KeptResult): void;
}

/** @see RunRecorder.end */
export interface KeptRows {
  readonly consumers: readonly number[];
  /** How many rows each piece has; null when some were left out. */
  readonly pieces: readonly number[] | null;
}

export interface RunHandle {
  /** Resolves when every input has an outcome and every kind is closed. */
  readonly done: Promise<RunFacts>;
  stop(stop: Stop): void;
  view(): RunView;
}

/** What came of it. */
export interface RunFacts {
  readonly counts: OutcomeCounts;
  readonly stop: Stop | null;
  /** Every input of every source was read. */
  readonly totalKnown: boolean;
  readonly skippedBy: { readonly [reason in SkipReason]?: number };
  readonly allowedFailures: number;
  /** By position in the plan. */
  readonly pools: readonly PoolView[];
  /** The report shows inputs in the order of the runs they come from. */
  readonly origins: Origins;
  /** What became of the inputs in a run that goes on with another, by position of the task. */
  readonly tallies: readonly Tally[] | null;
}

/** Starts. */
export async function startRun(setup: RunSetup): Promise<RunHandle> {
  const { plan, ports, clock, programs } = setup;
  const shared = sharedVars(plan, setup.secrets);
  const tasks = new Map(plan.tasks.map((task) => [task.name, task]));
  const read = programs.map(({ task, namesRead }) => outputsRead(namesRead, tasksNeeded(task, tasks)));
  const graph = makeTaskGraph(plan.tasks, read);
  const save: SaveContext = {
    files: ports.saves,
    outputDirectory: plan.outputDirectory,
    register: reservedRegister(plan),
    taskNames: plan.tasks.map((task) => task.name),
  };
  const carryOver = setup.earlier === null ? null : makeCarryOver({
    plan,
    earlier: setup.earlier.runs,
    rerun: setup.earlier.rerun,
    outputsRead: allOutputsRead(read),
    claimSaved: (owner, shown) => claimSaved(owner, shown, save),
    neededAgain: (look) =>
      makeNeededAgain({
        plan,
        ports,
        programs,
        outputsRead: read,
        look,
        shared,
        isStopped: () => stopReason !== null,
      }),
  });
  // A source is pulled when it gives way, and the engine is not called from there.
  const onRelease = () => queueMicrotask(() => engine.wake());
  const edgeTo = new Map(
    plan.tasks.flatMap(({ foreach }, consumer): [number, FromEdge][] => {
      if (foreach?.source !== "from") return [];
      const { from: producer, each } = foreach;
      return [[
        consumer,
        new FromEdge({ producer, hasEach: each !== null, spool: setup.openSpool(), onRelease }),
      ]];
    }),
  );
  const edgesFrom = plan.tasks.map((task) =>
    [...edgeTo].filter(([, edge]) => edge.producer === task.name).map(([consumer, edge]) => ({
      consumer,
      edge,
    }))
  );
  const rowFeeds = new Map<Payload, RowFeed>();
  const origins = new Map<number, readonly OriginChange[]>();
  const seed = plan.run.seed ?? Math.floor(ports.random() * 2 ** 32);
  const tally = new RunTally(plan, sumTotals(plan.tasks, setup.totals));
  let totalKnown = true;
  let stopReason: Stop | null = null;
  const warned = new Set<number>();
  const attemptContext: AttemptContext = {
    onShortage() {
      for (const { performer } of programs) performer.spare?.();
    },
    warn({ pool }, message) {
      if (warned.has(pool)) return;
      warned.add(pool);
      setup.notice(printable(`${plan.pools[pool]!.name}: ${message}`));
    },
    redactor: setup.redactor,
    learnSecret: setup.redactor.learn,
    save,
    rowFeed,
  };

  const engine: Engine = runEngine<Payload>({
    pools: plan.pools.map((pool) => ({
      name: pool.name,
      limit: pool.concurrency.max,
      minLimit: pool.concurrency.min,
      ...(pool.breaker === null ? {} : { breaker: pool.breaker }),
      ...(pool.rate === null ? {} : { ratePerMs: pool.rate.limit / pool.rate.perMs, burst: pool.rate.burst }),
    })),
    tasks: programs.map((program, position) => ({
      source: gatedSource({
        graph,
        task: position,
        inputsNeedOthers: program.inputsNeedOthers,
        open: (needs, ending) => openSource(program, position, { ...shared, ...needs }, ending),
        mustWait: () =>
          edgesFrom[position]!.some(({ edge, consumer }) =>
            graph.gate(consumer) === "go" && edge.holdsBack()
          ),
        onTaskEnded: () => endTask(position),
      }),
      pool: program.task.pool,
      family: plan.pools[program.task.pool]!.per !== null,
      ...(program.task.concurrency === null ? {} : { limit: program.task.concurrency }),
      attemptMs: program.task.timeouts.attemptMs,
      totalMs: program.task.timeouts.totalMs,
      retry: { attempts: program.task.retry.attempts, ...program.task.retry.backoff },
    })),
    ceiling: plan.run.concurrency,
    ...(plan.run.timeoutMs === null ? {} : { deadline: plan.run.timeoutMs }),
    clock: engineClock(ports.clock),
    hooks: {
      perform: (run, call) =>
        performAttempt(programs[run.task]!, { task: run.task, payload: run.payload, call }, attemptContext),
      begin: (run) =>
        programs[run.task]!.task.harmless ? undefined : setup.record.begin(run.task, run.payload),
      ended,
      random: (run, attempt) => retryRandom(seed, run.payload.id, attempt),
      ...(setup.onAttempt === undefined ? {} : {
        attempted: (run, _attempt, retryInMs) => setup.onAttempt!(programs[run.task]!.task, run, retryInMs),
      }),
    },
  });

  const timer = plan.run.timeoutMs === null
    ? null
    : ports.clock.after(plan.run.timeoutMs - clock.now(), () =>
      stop({ how: "now", code: "run_timeout", message: "run.timeout has passed" }));

  const done = engine.done.finally(async () => {
    timer?.cancel();
    await Promise.all(programs.map((program) => program.performer.close()));
  }).then(() => ({
    counts: tally.counts,
    skippedBy: tally.skippedBy,
    allowedFailures: tally.allowedFailures,
    stop: stopReason,
    totalKnown,
    pools: engine.pools(),
    origins,
    tallies: carryOver?.tallies ?? null,
  }));
  return { done, stop, view };

  function openSource(
    program: Program,
    position: number,
    vars: Vars,
    ending: Ending | null,
  ): Source<Payload> {
    const edge = edgeTo.get(position) ?? null;
    const order = edge &&
      new InputOrder(program.task, edge, (index, origin) => setup.record.setOrigin(position, index, origin));
    if (order !== null) origins.set(position, order.changes);
    return taskSource({
      program,
      inputs: setup.openInputs(program.task, vars, edge),
      order,
      identify: identifyInputs(program.task),
      shared: vars,
      takeOver: carryOver && ((index, id) => carryOver.take(position, index, id)),
      ending,
      onEnd(complete, count) {
        totalKnown &&= complete;
        if (complete && setup.totals.get(program.task.name) === null) setup.record.total(position, count);
        if (complete && carryOver !== null) carryOver.tallies[position]!.isComplete = true;
      },
    });
  }

  function rowFeed(position: number, payload: Payload): RowFeed {
    let rows = rowFeeds.get(payload);
    if (rows === undefined) {
      const { streamsTo, task } = programs[position]!;
      const edges = streamsTo.map((consumer) => edgeTo.get(consumer)!);
      rows = new RowFeed({
        consumers: streamsTo,
        mayRepeat: task.retry.attempts > 1,
        give: (row) => edges.forEach((edge) => edge.give(row, payload.index)),
        keep: (number, json) => setup.record.keepRows(position, payload, number, json),
      });
      rowFeeds.set(payload, rows);
    }
    return rows;
  }

  function endTask(position: number): void {
    for (const { edge } of edgesFrom[position]!) edge.finish();
    engine.wake();
  }

  function ended(run: TaskRun<Payload>, ending: Ending, found: Output | null): void {
    const { task } = programs[run.task]!;
    const { carried } = run.payload;
    const output = found ?? carried?.output ?? null;
    const rows = rowFeeds.get(run.payload) ?? null;
    rowFeeds.delete(run.payload);
    if (carried?.kept) setup.record.keep(run.task, run.payload, carried.kept);
    else {
      const keptRows = rows?.isOpen ? { consumers: rows.consumers, pieces: rows.finish() } : null;
      const result = makeResult(task, plan.pools[task.pool]!.name, run, ending, output, clock);
      setup.record.end(
        run.task,
        run.payload,
        result,
        output?.feeds,
        ending.outcome === "ok" ? keptRows : null,
      );
    }
    for (const { edge, consumer } of edgesFrom[run.task]!) {
      const outputs = output?.outputs ? openOutputs(task, output.outputs) : null;
      const broken = output?.brokenFeeds?.get(consumer);
      const elements = broken === undefined ? output?.feeds?.get(consumer) ?? null : { broken };
      edge.push({ payload: run.payload, ending, outputs, saved: output?.saved ?? null, elements });
    }
    if (graph.ended(run.task, run.payload.index, ending, output?.outputs ?? null)) endTask(run.task);
    if (tally.add(task, ending, carried !== undefined)) {
      const message = "more failures than run.maxFailures tolerates";
      stop({ how: plan.run.onFailure === "cancel" ? "now" : "drain", code: "max_failures", message });
    }
  }

  function stop(next: Stop): void {
    stopReason ??= next;
    engine.stop(next);
  }

  function view(): RunView {
    return viewRun({
      plan,
      totals: setup.totals,
      pools: engine.pools(),
      tally,
      stop: stopReason,
      now: ports.clock.now(),
    });
  }
}
