import { Duration } from "@marcbachmann/cel-js/evaluator";
import { Trouble } from "./evaluation.ts";

const NANOS_PER_SECOND = 1_000_000_000n;
/** CEL's range: about ten thousand years. */
const MAX_NANOS = 315_576_000_000n * NANOS_PER_SECOND;

const NANOS_OF: { readonly [unit: string]: bigint } = {
  h: 3600n * NANOS_PER_SECOND,
  m: 60n * NANOS_PER_SECOND,
  s: NANOS_PER_SECOND,
  ms: 1_000_000n,
  us: 1000n,
  "µs": 1000n,
  ns: 1n,
};

/**
 * A CEL duration, its nanoseconds from 0 to 999,999,999: the library compares, adds and prints others wrongly.
 * @throws Trouble beyond ±10,000 years
 */
export function makeDuration(nanos: bigint): Duration {
  if (nanos > MAX_NANOS || nanos < -MAX_NANOS) throw new Trouble("the duration is out of range");
  const rest = ((nanos % NANOS_PER_SECOND) + NANOS_PER_SECOND) % NANOS_PER_SECOND;
  return new Duration((nanos - rest) / NANOS_PER_SECOND, Number(rest));
}

/** The whole of a duration in nanoseconds. */
export function nanosOf(duration: Duration): bigint {
  return duration.seconds * NANOS_PER_SECOND + BigInt(duration.nanos);
}

/** Reads `24h`, `1h30m`, `-1.5s`. @throws Trouble */
export function parseDuration(text: string): Duration {
  // The length is bound first: the text may be data, and is read number by number.
  const bad = () => new Trouble('duration() reads texts such as "24h" or "1h30m"', text);
  if (text.length > 100) throw bad();
  const body = text.replace(/^[-+]/, "");
  const piece = /(\d+)(?:\.(\d*))?(ns|us|µs|ms|s|m|h)/y;
  let nanos = 0n;
  do {
    const match = piece.exec(body);
    if (match === null) throw bad();
    const unit = NANOS_OF[match[3]!]!;
    const fraction = match[2] ?? "";
    nanos += BigInt(match[1]!) * unit + BigInt(`0${fraction}`) * unit / 10n ** BigInt(fraction.length);
  } while (piece.lastIndex < body.length);
  return makeDuration(text.startsWith("-") ? -nanos : nanos);
}

/** `86400s`, `-0.5s`: what CEL, Go and the config itself read back. */
export function formatDuration(duration: Duration): string {
  const nanos = nanosOf(duration);
  const size = nanos < 0n ? -nanos : nanos;
  const fraction = String(size % NANOS_PER_SECOND).padStart(9, "0").replace(/0+$/, "");
  return `${nanos < 0n ? "-" : ""}${size / NANOS_PER_SECOND}${fraction && `.${fraction}`}s`;
}
