import type { ConfigPath, ReportProblem } from "../model/diagnostic.ts";
import { isMap } from "../schema/words.ts";

/** A part of the config that is understood but cannot be run yet. */
interface NotYet {
  /** `*` stands for any name or position. */
  readonly path: string;
  readonly words: string;
  /** Only values for which this holds; any value without it. */
  readonly when?: (value: unknown) => boolean;
}

const isAdaptive = (value: unknown) => isMap(value) || value === "auto";

/** Delete an entry when what it names has come. */
const notYet: readonly NotYet[] = [
  { path: "tasks.*.concurrency", words: "the adaptive limit", when: isAdaptive },
];

/** Says at load what could not be kept when the config runs. */
export function checkNotYet(raw: unknown, report: ReportProblem): void {
  for (const { path, words, when } of notYet) {
    for (const found of matches(raw, path.split("."))) {
      if (found.value === null || (when && !when(found.value))) continue;
      report(found.path, `${words} cannot be run by this version of fanout: leave it out`, { on: "key" });
    }
  }
}

interface Match {
  readonly path: ConfigPath;
  readonly value: unknown;
}

function matches(raw: unknown, steps: readonly string[]): Match[] {
  let found: Match[] = [{ path: [], value: raw }];
  for (const step of steps) {
    found = found.flatMap(({ path, value }) => {
      if (!isMap(value)) return [];
      const keys = step === "*" ? Object.keys(value) : Object.hasOwn(value, step) ? [step] : [];
      return keys.map((key) => ({ path: [...path, key], value: value[key] }));
    });
  }
  return found;
}
