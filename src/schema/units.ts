/** A value, or a sentence that says what is wrong with what was given. */
export type Read<T> = { readonly ok: T } | { readonly wrong: string };

const milliseconds = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const bytes = {
  B: 1,
  kB: 1_000,
  KB: 1_000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KiB: 1_024,
  MiB: 1_048_576,
  GiB: 1_073_741_824,
} as const;

/** JSON Schema patterns that agree with {@link readDuration}, {@link readSize} and {@link readShare}. */
export const durationPattern = "^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$";
export const sizePattern = "^(\\d+(\\.\\d+)?(B|kB|KB|MB|GB|KiB|MiB|GiB))+$";
export const sharePattern = "^\\d+(\\.\\d+)?%$";

/** `250ms`, `10s`, `1h30m` → milliseconds. */
export function readDuration(raw: unknown): Read<number> {
  return readUnits(raw, milliseconds, {
    what: "a duration",
    example: "10s",
    bare: ["ms", "s"],
    elsewhere: durationNames,
  });
}

/** `64KiB`, `10MB` → bytes. */
export function readSize(raw: unknown): Read<number> {
  const size = readUnits(raw, bytes, {
    what: "a size",
    example: "10MB",
    bare: ["B", "MB"],
    elsewhere: sizeNames,
  });
  return "ok" in size ? { ok: Math.round(size.ok) } : size;
}

interface Wording {
  readonly what: string;
  readonly example: string;
  /** Units to suggest for a bare number. */
  readonly bare: readonly string[];
  /** What units are called elsewhere. */
  readonly elsewhere: readonly (readonly [unit: string, names: RegExp])[];
}

const durationNames = [
  ["ms", /^m(illi)?sec(ond)?s?$|^millis$/i],
  ["s", /^sec(ond)?s?$/i],
  ["m", /^min(ute)?s?$/i],
  ["h", /^(hrs?|hours?)$/i],
  ["d", /^days?$/i],
] as const;

const sizeNames = [
  ["B", /^bytes?$/i],
  ["kB", /^k$/i],
  ["MB", /^m$/i],
  ["GB", /^g$/i],
  ["KiB", /^ki$/i],
  ["MiB", /^mi$/i],
  ["GiB", /^gi$/i],
] as const;

function readUnits(
  raw: unknown,
  units: { readonly [unit: string]: number },
  wording: Wording,
): Read<number> {
  const text = typeof raw === "string" ? raw.trim() : raw;
  const bare = typeof text === "number" || (typeof text === "string" && /^\d+(\.\d+)?$/.test(text));
  if (bare) {
    const fixed = wording.bare.map((unit) => `${text}${unit}`).join(" or ");
    return { wrong: `${wording.what} needs a unit: write ${fixed}, not ${text}` };
  }
  if (typeof text !== "string") return { wrong: `expected ${wording.what} such as ${wording.example}` };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*([A-Za-zµ]+)\s*/gy)];
  const end = parts.reduce((length, part) => length + part[0].length, 0);
  const unknown = parts.map((part) => part[2]!).find((unit) => !Object.hasOwn(units, unit));
  if (unknown !== undefined) {
    const known = Object.keys(units);
    const meant = parts.map(([, number, unit]) => [number, unitMeant(unit!, known, wording)] as const);
    const isMeant = end === text.length && meant.every(([, unit]) => unit !== undefined);
    const hint = isMeant ? `write ${meant.flat().join("")}` : `units are ${known.join(", ")}`;
    return { wrong: `"${unknown}" is no unit of ${wording.what}: ${hint}` };
  }
  const isSpaced = /\s/.test(text);
  if (parts.length === 0 || end !== text.length || isSpaced) {
    const fixed = isSpaced && end === text.length ? `write ${text.replace(/\s+/g, "")}, without spaces` : "";
    return { wrong: fixed || `expected ${wording.what} such as ${wording.example}, got "${text}"` };
  }
  return { ok: parts.reduce((sum, part) => sum + Number(part[1]) * units[part[2]!]!, 0) };
}

function unitMeant(given: string, known: readonly string[], { elsewhere }: Wording): string | undefined {
  return known.find((unit) => unit === given) ??
    known.find((unit) => unit.toLowerCase() === given.toLowerCase()) ??
    elsewhere.find(([, names]) => names.test(given))?.[0];
}

/** A whole number within bounds. */
export function readCount(raw: unknown, min: number, max = Number.MAX_SAFE_INTEGER): Read<number> {
  const whole = typeof raw === "number" && Number.isSafeInteger(raw);
  if (whole && raw >= min && raw <= max) return { ok: raw };
  const bounds = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  const quoted = typeof raw === "string" && /^\d+$/.test(raw)
    ? `, got the text "${raw}": leave out the quotes`
    : "";
  return { wrong: `expected a whole number ${bounds}${quoted}` };
}

/** `true` or `false`. */
export function readFlag(raw: unknown): Read<boolean> {
  if (typeof raw === "boolean") return { ok: raw };
  const meant = /^(yes|on)$/i.test(String(raw)) ? "true" : /^(no|off)$/i.test(String(raw)) ? "false" : "";
  if (raw === "true" || raw === "false") return { wrong: `"${raw}" is a text: leave out the quotes` };
  return { wrong: meant ? `write ${meant}, not ${raw}` : "expected true or false" };
}

/** `5%` → 0.05. */
export function readShare(raw: unknown): Read<number> {
  const match = typeof raw === "string" ? /^(\d+(?:\.\d+)?)%$/.exec(raw) : null;
  const share = match ? Number(match[1]) / 100 : NaN;
  if (share >= 0 && share <= 1) return { ok: share };
  const spaced = typeof raw === "string" ? /^(\d+(?:\.\d+)?)\s+%$/.exec(raw) : null;
  const meant = spaced ? `${spaced[1]}%` : shareMeant(raw);
  return {
    wrong: `expected a share such as 5%, from 0% to 100%${meant === undefined ? "" : `: write ${meant}`}`,
  };
}

/** `0.05` and `5` → `5%`. */
export function shareMeant(raw: unknown): string | undefined {
  if (typeof raw !== "number" || !(raw > 0 && raw <= 100)) return undefined;
  return `${raw < 1 ? Number((raw * 100).toPrecision(12)) : raw}%`;
}
