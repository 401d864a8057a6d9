import { readFileSync } from "node:fs";

/** What a running process has used so far, for a runtime that does not tell at the end. */
export interface ProcessMeter {
  /** Looks now. */
  readonly look: () => void;
  /** What was seen last; null where it never was. */
  stop(): { readonly cpuMs: number | null; readonly maxRssBytes: number | null };
}

const everyMs = 100;
/** Linux counts in hundredths of a second on every machine there is. */
const msPerTick = 10;

const running = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Reads `/proc` every 100 ms. Elsewhere than on Linux there is nothing to see. */
export function startMeter(pid: number): ProcessMeter {
  let cpuMs: number | null = null;
  let maxRssBytes: number | null = null;
  const look = () => {
    cpuMs = readCpuMs(pid) ?? cpuMs;
    maxRssBytes = readPeakBytes(pid) ?? maxRssBytes;
  };
  running.add(look);
  timer ??= setInterval(() => running.forEach((each) => each()), everyMs);
  return {
    look,
    stop() {
      running.delete(look);
      if (running.size === 0) {
        clearInterval(timer);
        timer = undefined;
      }
      return { cpuMs, maxRssBytes };
    },
  };
}

function readCpuMs(pid: number): number | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  // The name in brackets may have spaces and brackets of its own.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields?.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return ticks === undefined ? undefined : ticks * msPerTick;
}

/** Undefined also for a process that has ended and was not waited for yet. */
function readPeakBytes(pid: number): number | undefined {
  const peak = /^VmHWM:\s*(\d+) kB/m.exec(readProc(`/proc/${pid}/status`) ?? "")?.[1];
  return peak === undefined ? undefined : Number(peak) * 1024;
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
