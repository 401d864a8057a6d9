import { stringifyJson } from "../model/json.ts";
import { isWorthMore, type Measured, recommend, tuneTable } from "../report/tuning.ts";
import { inputContext } from "../run/input_context.ts";
import { prepareRun } from "../run/prepare_run.ts";
import { signalCodes } from "../run/signals.ts";
import { measureLevel, type MeasureOptions } from "../run/tune/measure_level.ts";
import { makeTunePlan, type TunePlan } from "../run/tune/tune_plan.ts";
import { detectCpus } from "../runtime/cpus.ts";
import type { Ports } from "../runtime/ports.ts";
import { walkingOnce } from "../runtime/source_files.ts";
import { readDuration } from "../schema/units.ts";
import { type CommandBody, type ParsedArguments, UsageError } from "./command.ts";
import { loadPlan, printProblems, wholeNumber } from "./load_plan.ts";
import { type SignalWatch, watchSignals } from "./signal_watch.ts";

const defaultForMs = 3_000;
const defaultMost = 64;
/** Programs that compute are no faster for more than a few for each CPU. */
const mostPerCpu = 4;

/** `fanout tune FILE --target T`. */
export const tuneCommand: CommandBody = async (args, machine) => {
  const ports = { ...machine, sources: walkingOnce(machine.sources) };
  const { host } = ports;
  const target = args.value("target");
  if (target === undefined) throw new UsageError("--target says what to measure: --target api");
  const forMs = readForMs(args);
  const signals = watchSignals(ports);
  const loaded = await loadPlan(args, ports);
  if (loaded === null) return 2;
  const { source } = loaded;
  const tuned = makeTunePlan(loaded.plan, target);
  if ("wrong" in tuned) throw new UsageError(`cannot tune ${target}: ${tuned.wrong}`);
  for (const reason of tuned.leftOut) host.stderr.write(`fanout: ${reason}\n`);
  const prepared = await prepareRun(tuned.plan, ports, inputContext(tuned.plan, ports), (path, message) => {
    printProblems([source.diagnose(path, message)], source.text, ports);
  }, signals.beforeRun);
  const early = signals.first();
  if (early !== null) return signalCodes[early];
  if (prepared === null) return 2;

  const measured = await measureAll(
    {
      tuned,
      ports,
      prepared,
      forMs,
      used: new Map(),
      onStarted: (handle) => signals.handOver(tuned.plan, handle),
    },
    wholeNumber(args, "max", 1) ?? usualMost(tuned),
    signals,
  );
  const signal = signals.first();
  if (signal !== null) {
    // The last one was cut short.
    const whole = measured.slice(0, -1);
    if (whole.length > 0 && !args.has("json")) host.stdout.write(tuneTable(whole, null));
    host.stderr.write(`fanout: ${signal} came before the end: nothing is recommended\n`);
    return signalCodes[signal];
  }
  return conclude(args, ports, target, tuned, measured);
};

function readForMs(args: ParsedArguments): number {
  const text = args.value("for");
  if (text === undefined) return defaultForMs;
  const read = readDuration(text);
  if ("wrong" in read) throw new UsageError(`--for: ${read.wrong}`);
  return read.ok;
}

function usualMost({ plan, pool }: TunePlan): number {
  return plan.pools[pool]!.kind === "exec" ? mostPerCpu * detectCpus().count : defaultMost;
}

/** 1, 2, 4, … at a time, as long as it is worth it. */
async function measureAll(
  options: Omit<MeasureOptions, "concurrency" | "samples">,
  most: number,
  signals: SignalWatch,
): Promise<Measured[]> {
  const { stderr } = options.ports.host;
  // What comes first finds cold caches and no connections.
  await measureLevel({ ...options, concurrency: 1, samples: 3 });
  const measured: Measured[] = [];
  for (let concurrency = 1; signals.first() === null; concurrency = Math.min(most, concurrency * 2)) {
    stderr.write(`fanout: measuring ${concurrency} at a time\n`);
    const samples = Math.min(2_000, 30 + 20 * concurrency);
    measured.push(await measureLevel({ ...options, concurrency, samples }));
    if (concurrency >= most || !isWorthMore(measured)) break;
  }
  return measured;
}

function conclude(
  args: ParsedArguments,
  { host }: Ports,
  target: string,
  { plan, pool }: TunePlan,
  measured: readonly Measured[],
): number {
  const found = recommend(measured);
  if (args.has("json")) {
    const recommended = found && { concurrency: found.concurrency, why: found.why };
    host.stdout.write(`${stringifyJson({ schema: "fanout.tune/1", target, measured, recommended }, 2)}\n`);
  } else host.stdout.write(`${tuneTable(measured, found?.concurrency ?? null)}\n`);
  if (found === null) {
    const codes = Object.keys(measured.at(-1)?.errorCodes ?? {});
    const why = codes.length === 0 ? "no attempt ended" : `most attempts fail (${codes.join(", ")})`;
    host.stderr.write(`fanout: nothing to recommend for ${target}: ${why}\n`);
    return 1;
  }
  if (args.has("json")) return 0;
  const { rate, concurrency } = plan.pools[pool]!;
  const isNamed = /^[A-Za-z_]\w*$/.test(target);
  host.stdout.write(
    `${found.why}.${rate === null ? "" : " (Its rate held for the measurement, too.)"}\n` +
      (isNamed
        ? `Now ${
          written(concurrency)
        }; for the config:\n\ntargets:\n  ${target}: { concurrency: ${found.concurrency} }\n`
        : `Give it a target of its own with  concurrency: ${found.concurrency}\n`),
  );
  return 0;
}

function written({ min, max }: { readonly min: number; readonly max: number }): string {
  return min === max ? String(max) : `{ min: ${min}, max: ${max} }`;
}
