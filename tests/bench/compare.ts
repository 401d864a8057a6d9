import { measure, RunFailure, type Sample } from "./measure.ts";
import { findTool } from "./machine.ts";
import { median } from "./median.ts";

/** The same work, done by several programs. */
export interface Comparison {
  readonly title: string;
  /** What is done, and what the programs do besides. */
  readonly details: string;
  readonly directory: string;
  /** fanout first: the others are held against it. */
  readonly contenders: readonly Contender[];
}

/** One way of doing it. */
export interface Contender {
  readonly name: string;
  /** Programs that have to be installed. */
  readonly needs: readonly string[];
  readonly command: readonly string[];
  /** It does only this share of the work, or does it so many times: its time is divided by this. Default 1. */
  readonly times?: number;
  /** Reads how long the whole work would take from what was printed, instead of from the clock. */
  readonly readMs?: (stdout: string) => number;
  /** How often it is measured at most: what is slow is slow the first time. */
  readonly maxRounds?: number;
  /** What it takes is known without trying. */
  readonly idealMs?: number;
}

/** What came of one contender. */
export interface Standing {
  readonly contender: Contender;
  /** Medians; or why there are none: a program that is missing, or how it failed. */
  readonly median: Omit<Sample, "stdout"> | string;
  /** How many times longer fanout took: the median over the rounds. */
  readonly fanoutTakes: number | null;
}

/** Lets all contenders do the work in turn, `rounds` times. */
export async function compare(comparison: Comparison, rounds: number): Promise<Standing[]> {
  const { contenders, directory } = comparison;
  const samples = new Map<Contender, Sample[]>(contenders.map((contender) => [contender, []]));
  const troubles = new Map<Contender, string>();
  for (const contender of contenders) {
    const missing = contender.needs.filter((tool) => findTool(tool) === null);
    if (missing.length > 0) troubles.set(contender, `${missing.join(" and ")} is not installed`);
  }
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      if (troubles.has(contender) || round >= (contender.maxRounds ?? Infinity)) continue;
      try {
        samples.get(contender)!.push(await sampleOf(contender, directory));
      } catch (error) {
        if (!(error instanceof RunFailure)) throw error;
        troubles.set(contender, error.message);
      }
    }
  }
  const own = samples.get(contenders[0]!)!;
  return contenders.map((contender) => {
    const taken = samples.get(contender)!;
    const trouble = troubles.get(contender);
    if (trouble !== undefined) return { contender, median: trouble, fanoutTakes: null };
    const ratios = taken.flatMap(({ wallMs }, round) => own[round] ? [own[round].wallMs / wallMs] : []);
    const isOther = contender !== contenders[0] && ratios.length > 0;
    return { contender, median: medianOf(taken), fanoutTakes: isOther ? median(ratios) : null };
  });
}

async function sampleOf(contender: Contender, directory: string): Promise<Sample> {
  const { idealMs, command, times = 1, readMs } = contender;
  if (idealMs !== undefined) return { wallMs: idealMs, cpuMs: null, peakBytes: null, stdout: "" };
  const sample = await measure(command, directory);
  const wallMs = readMs?.(sample.stdout) ?? sample.wallMs / times;
  const cpuMs = readMs || sample.cpuMs === null ? null : sample.cpuMs / times;
  return { ...sample, wallMs, cpuMs };
}

function medianOf(samples: readonly Sample[]): Omit<Sample, "stdout"> {
  const known = (values: readonly (number | null)[]) => values.filter((value) => value !== null);
  const orNull = (values: readonly number[]) => values.length === 0 ? null : median(values);
  return {
    wallMs: median(samples.map(({ wallMs }) => wallMs)),
    cpuMs: orNull(known(samples.map(({ cpuMs }) => cpuMs))),
    peakBytes: orNull(known(samples.map(({ peakBytes }) => peakBytes))),
  };
}
