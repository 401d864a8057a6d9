import { writtenDuration } from "../model/written.ts";
import type { Finding, TargetFigures } from "./advice.ts";

/**
 * Subprocesses kept 85 % of the CPUs busy while they ran, or each one of them for 90 % of its own time: more of them at a
 * time than there are CPUs only take turns. Said from a second of CPU time on.
 */
export function adviseCpuBound(figures: TargetFigures): Finding | null {
  const { target, stats, cpus } = figures;
  if (stats.cpuMs < 1_000 || stats.spanMs === 0) return null;
  const used = stats.cpuMs / stats.spanMs;
  const each = stats.cpuMs / stats.cpuBusyMs;
  const fills = used >= 0.85 * cpus && stats.ran >= 2 * cpus;
  if (!fills && each < 0.9) return null;
  const { words, setting } = remedyFor(figures, each, fills);
  return {
    words: `programs of ${target.name} used ${used.toFixed(1)} of ${cpus} ${
      cpus === 1 ? "CPU" : "CPUs"
    } for ${writtenDuration(stats.spanMs)}: they compute, they do not wait, and ${words}`,
    figures: {
      cpusUsed: used,
      cpus,
      cpuShareOfEach: each,
      spanMs: stats.spanMs,
      limit: figures.closing.limit,
    },
    setting,
  };
}

function remedyFor(
  { closing, stats, cpus }: TargetFigures,
  each: number,
  fills: boolean,
): { readonly words: string; readonly setting: string | null } {
  const { limit } = closing;
  // A program with several threads needs as many CPUs as it keeps busy.
  const fitting = each < 1.5 ? cpus : Math.max(1, Math.round(cpus / each));
  const atATime = `${fitting} at a time`;
  if (limit > fitting) {
    const setting = fitting === cpus ? "concurrency: cpus" : `concurrency: ${fitting}`;
    return { words: `its concurrency of ${limit} buys nothing over ${atATime}`, setting };
  }
  if (limit < fitting && stats.ran > limit) {
    return { words: `up to ${atATime} would each have a CPU of its own`, setting: "concurrency: cpus" };
  }
  const more = fills ? ": only more CPUs would, here or on other machines" : "";
  return { words: `more than ${atATime} would buy nothing${more}`, setting: null };
}
