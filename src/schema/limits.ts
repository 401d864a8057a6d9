import { type Read, readCount, readDuration, readShare, shareMeant } from "./units.ts";

/** How many attempts at a time: a number, one per CPU, or the bounds of an adaptive limit. */
export type Concurrency = number | "cpus" | { readonly min: number; readonly max: number };

/** Attempts per time. */
export interface Pace {
  readonly limit: number;
  readonly perMs: number;
}

/** How many failures are tolerated: a count, or a share from 0 to 1 of the known total. */
export type Tolerance = { readonly count: number } | { readonly share: number };

/** JSON Schema pattern that agrees with {@link readPace}. */
export const pacePattern = "^\\d+(\\.\\d+)?/(\\d+(\\.\\d+)?)?(ms|s|m|h|d)$";

/** `8`, `cpus` or `auto`. */
export function readConcurrency(raw: unknown): Read<Concurrency> {
  if (raw === "cpus") return { ok: raw };
  if (raw === "auto") return { ok: { min: 1, max: 64 } };
  const wrong = "expected a whole number of at least 1, cpus, auto, or bounds such as { min: 2, max: 16 }";
  if (typeof raw === "string" && /^\d+$/.test(raw)) {
    return { wrong: `"${raw}" is a text: leave out the quotes` };
  }
  if (typeof raw !== "number") return { wrong };
  const count = readCount(raw, 1);
  return "ok" in count ? count : { wrong };
}

/** `100/s`, `600/1m` → attempts per milliseconds. */
export function readPace(raw: unknown): Read<Pace> {
  const match = typeof raw === "string" ? /^(\d+(?:\.\d+)?)\/(.+)$/.exec(raw) : null;
  if (!match) {
    const bare = typeof raw === "number" || (typeof raw === "string" && /^\d+$/.test(raw));
    return {
      wrong: bare ? `a rate says per what: write ${raw}/s or ${raw}/m, not ${raw}` : expectedPace(raw),
    };
  }
  const limit = Number(match[1]);
  const per = readDuration(/^\d/.test(match[2]!) ? match[2] : `1${match[2]}`);
  if (!("ok" in per)) return { wrong: expectedPace(raw) };
  if (!(limit > 0 && per.ok > 0)) return { wrong: `a rate is more than nothing, got ${raw}` };
  return { ok: { limit, perMs: per.ok } };
}

/** `10` or `5%`. */
export function readTolerance(raw: unknown): Read<Tolerance> {
  if (typeof raw === "number") {
    const count = readCount(raw, 0);
    if ("ok" in count) return { ok: { count: count.ok } };
    const share = raw < 1 ? shareMeant(raw) : undefined;
    return share === undefined ? count : { wrong: `${count.wrong}, or a share: write ${share}, not ${raw}` };
  }
  const share = readShare(raw);
  if ("wrong" in share && String(raw).endsWith("%")) return share;
  return "ok" in share
    ? { ok: { share: share.ok } }
    : { wrong: "expected a number of failures, or a share such as 5%" };
}

function expectedPace(raw: unknown): string {
  return `expected a rate such as 100/s or 600/1m${typeof raw === "string" ? `, got "${raw}"` : ""}`;
}
