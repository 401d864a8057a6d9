import { stringifyJson } from "../model/json.ts";
import type { Result } from "../model/result.ts";
import { type RenderSource, resultsOf } from "./render_source.ts";
import { clip, shownItem, shownName } from "./summary_text.ts";

/** What a CI system shows of one task run: more would only slow its page down. */
const maxOutputLength = 64 * 1024;

/** One suite a task, one case a task run, as GitLab, Jenkins and the like read it. XML 1.0: characters it has no place for become U+FFFD. */
export function* renderJunit(source: RenderSource): Generator<string> {
  const suites = countSuites(source);
  const all = [...suites.values()].reduce(addCounts, noCounts());
  const { run } = source.head;
  yield '<?xml version="1.0" encoding="UTF-8"?>\n';
  yield `<testsuites${
    attributes({ name: run.name, ...written(all), time: seconds(run.durationMs ?? all.ms) })
  }>\n`;
  let open: string | null = null;
  for (const result of resultsOf(source)) {
    if (result.task !== open) {
      if (open !== null) yield "</testsuite>\n";
      open = result.task;
      const counts = suites.get(open)!;
      const shown = { name: open, ...written(counts), time: seconds(counts.ms), timestamp: run.startedAt };
      yield `<testsuite${attributes(shown)}>\n`;
    }
    yield testCase(result, run.name);
  }
  if (open !== null) yield "</testsuite>\n";
  yield "</testsuites>\n";
}

/** How a task run counts: `error` is what ended it from outside. */
type Verdict = "passed" | "failure" | "error" | "skipped";

function verdictOf(result: Result): Verdict {
  if (result.allowed === true) return "skipped";
  switch (result.outcome) {
    case "ok":
      return "passed";
    case "failed":
    case "timed_out":
      return "failure";
    case "skipped":
      return "skipped";
    case "cancelled":
    case "not_run":
      return "error";
  }
}

interface Counts {
  tests: number;
  failure: number;
  error: number;
  skipped: number;
  passed: number;
  ms: number;
}

function noCounts(): Counts {
  return { tests: 0, failure: 0, error: 0, skipped: 0, passed: 0, ms: 0 };
}

/** Counts stand before the cases in the file, so that the results are gone through twice. */
function countSuites(source: RenderSource): Map<string, Counts> {
  const suites = new Map<string, Counts>();
  for (const result of resultsOf(source)) {
    let counts = suites.get(result.task);
    if (counts === undefined) suites.set(result.task, counts = noCounts());
    counts.tests++;
    counts[verdictOf(result)]++;
    counts.ms += result.durationMs;
  }
  return suites;
}

function addCounts(sum: Counts, one: Counts): Counts {
  return Object.fromEntries(
    Object.entries(sum).map(([key, value]) => [key, value + one[key as keyof Counts]]),
  ) as unknown as Counts;
}

function written(counts: Counts): { [name: string]: string } {
  const { tests, failure, error, skipped } = counts;
  return { tests: String(tests), failures: String(failure), errors: String(error), skipped: String(skipped) };
}

function testCase(result: Result, runName: string): string {
  const name = `${shownName(result)} ${shownItem(result, 100)}`.trimEnd();
  const head = `<testcase${
    attributes({ name, classname: `${runName}.${result.task}`, time: seconds(result.durationMs) })
  }`;
  const verdict = verdictOf(result);
  return verdict === "passed" ? `${head}/>\n` : `${head}>\n${reason(result, verdict)}</testcase>\n`;
}

function reason(result: Result, verdict: Exclude<Verdict, "passed">): string {
  const type = result.error?.code ?? result.reason ?? result.outcome;
  const words = result.error?.message ??
    (result.reason === "if" ? "its if did not hold" : result.outcome.replace("_", " "));
  const message = result.allowed === true ? `allowed failure: ${words}` : words;
  if (verdict === "skipped") return `<skipped${attributes({ message: clip(message, maxOutputLength) })}/>\n`;
  const about = result.item === null ? "" : `item: ${clip(stringifyJson(result.item), maxOutputLength)}\n`;
  const output = result.output === null ? "" : stringifyJson(result.output, 2);
  return `<${verdict}${attributes({ message: clip(message, 1000), type })}>${
    escapeXml(clip(`${message}\n${about}${output}`, maxOutputLength))
  }</${verdict}>\n`;
}

function attributes(values: { readonly [name: string]: string }): string {
  return Object.entries(values).map(([name, value]) =>
    ` ${name}="${escapeXml(value).replace(/[\t\n\r]/g, entity)}"`
  ).join("");
}

/** Line ends and tabs stay as they are: an attribute writes them as entities besides. */
export function escapeXml(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.toWellFormed().replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"']/g, entity);
}

function entity(character: string): string {
  return `&#${character.charCodeAt(0)};`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
