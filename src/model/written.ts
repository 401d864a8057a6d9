/** Quantities as people write them, and text that cannot move a terminal's cursor. For messages and summaries. */

const timeUnits = [["d", 86_400_000], ["h", 3_600_000], ["m", 60_000]] as const;

/** Milliseconds as a duration of the config: `250ms`, `1.5s`, `1h30m`. Three digits below a minute, whole seconds above. */
export function writtenDuration(ms: number): string {
  if (!Number.isFinite(ms)) return String(ms);
  if (ms < 999.5) return `${threeDigits(ms)}ms`;
  if (ms < 59_950) return `${threeDigits(ms / 1000)}s`;
  let rest = Math.round(ms / 1000) * 1000;
  let text = "";
  for (const [unit, size] of timeUnits) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return rest > 0 ? `${text}${rest / 1000}s` : text;
}

const sizeUnits = [
  ["GiB", 2 ** 30],
  ["GB", 1e9],
  ["MiB", 2 ** 20],
  ["MB", 1e6],
  ["KiB", 2 ** 10],
  ["kB", 1e3],
] as const;

/** Bytes as a size of the config: `64KiB`, `50MB`, in the unit that needs the fewest digits; else rounded, `1.23MB`. */
export function writtenBytes(bytes: number): string {
  const exact = sizeUnits.find(([, size]) => bytes >= size && Number.isInteger((bytes / size) * 100));
  const [unit, size] = exact ?? sizeUnits.find(([name, size]) => !name.includes("i") && bytes >= size) ??
    ["B", 1];
  return `${exact ? bytes / size : threeDigits(bytes / size)}${unit}`;
}

/** `12000` → `12,000`. */
export function writtenCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * Text from data, made harmless for a terminal: control characters (line ends too) and those that turn the direction of
 * writing are shown as `\n`, `\x1b`, `\u202e`.
 */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, escaped);
}

/** Lines of JSON or CSV for a terminal: what would move its cursor, or turn its text around, is written as JSON does. */
export function terminalLines(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const shortEscapes: { readonly [character: string]: string } = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  const hex = code.toString(16);
  return shortEscapes[character] ??
    (code < 256 ? `\\x${hex.padStart(2, "0")}` : `\\u${hex.padStart(4, "0")}`);
}

function threeDigits(value: number): string {
  return String(value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));
}
