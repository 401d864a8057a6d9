import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** How many CPUs this process may keep busy. */
export interface Cpus {
  /** At least 1. */
  readonly count: number;
  /** Where the number comes from, for `fanout plan`: `2 CPUs`, `cgroup quota of 1.5 CPUs`. */
  readonly why: string;
}

/** Reads the text of a small file; undefined when it cannot be read. A test passes another one. */
export type ReadSmallFile = (path: string) => string | undefined;

/**
 * The CPUs of the machine, less those that the affinity mask or a cgroup quota (v2 and v1, of this group and all above
 * it) takes away. A quota of 1.5 CPUs counts as one: a second process would only be throttled.
 */
export function detectCpus(read: ReadSmallFile = readSmallFile, machine = availableParallelism): Cpus {
  const allowed = affinity(read("/proc/self/status")) ?? machine();
  const quota = Math.min(...quotas(read));
  if (quota >= allowed) return { count: allowed, why: plural(allowed) };
  const written = quota >= 10 ? quota.toFixed(0) : String(Number(quota.toFixed(2)));
  return {
    count: Math.max(1, Math.floor(quota)),
    why: `cgroup quota of ${written} ${quota === 1 ? "CPU" : "CPUs"}`,
  };
}

function plural(count: number): string {
  return count === 1 ? "1 CPU" : `${count} CPUs`;
}

function readSmallFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** `Cpus_allowed_list: 0-3,8` → 5. */
function affinity(status: string | undefined): number | undefined {
  const list = /^Cpus_allowed_list:\s*(\d[\d,-]*\d|\d)$/m.exec(status ?? "")?.[1];
  if (list === undefined) return undefined;
  const count = list.split(",").reduce((sum, range) => {
    const [first = NaN, last = first] = range.split("-").map(Number);
    return sum + last - first + 1;
  }, 0);
  return count >= 1 ? count : undefined;
}

/** CPUs' worth of time that each cgroup on the way to the root allows. */
function quotas(read: ReadSmallFile): number[] {
  const groups = [...(read("/proc/self/cgroup") ?? "").matchAll(/^\d+:([^:]*):(\/.*)$/gm)];
  const all: (number | undefined)[] = [];
  for (const [, controllers = "", path = "/"] of groups) {
    const isV2 = controllers === "";
    if (!isV2 && !controllers.split(",").includes("cpu")) continue;
    // A container sees its own group as the root of the mount, whatever the path says: the walk ends there.
    for (const folder of upwards(path)) {
      if (isV2) {
        all.push(quotaOfV2(read(`/sys/fs/cgroup${folder}/cpu.max`)));
        continue;
      }
      for (const mount of new Set(["cpu", controllers])) {
        const base = `/sys/fs/cgroup/${mount}${folder}`;
        all.push(quotaOf(read(`${base}/cpu.cfs_quota_us`), read(`${base}/cpu.cfs_period_us`)));
      }
    }
  }
  return all.filter((quota) => quota !== undefined);
}

/** `/a/b` → `/a/b`, `/a`, and the empty text for the root. */
function upwards(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "" && part !== "..");
  return [...parts.keys()].reverse().map((last) => "/" + parts.slice(0, last + 1).join("/")).concat("");
}

/** `150000 100000` → 1.5; `max 100000` is no quota. */
function quotaOfV2(text: string | undefined): number | undefined {
  const [quota, period] = (text ?? "").trim().split(" ");
  return quotaOf(quota, period);
}

function quotaOf(quota: string | undefined, period: string | undefined): number | undefined {
  const cpus = Number(quota) / Number(period);
  return cpus > 0 && Number.isFinite(cpus) ? cpus : undefined;
}
