import type { ConfigPath, Diagnostic, ReportProblem } from "../model/diagnostic.ts";
import type { ExpressionSite } from "../schema/word.ts";
import { checkConfig } from "./check_config.ts";
import { type Config, configSchema } from "./config_schema.ts";
import { type ConfigSource, configSource, diagnosticAt } from "./config_source.ts";
import { decodeText, type TextProblem } from "./decode_text.ts";
import { homeOf } from "./key_homes.ts";
import { parseYaml } from "./parse_yaml.ts";
import { toRaw } from "./raw_config.ts";

/** What came of a file. */
export interface Loaded {
  /** Undefined when anything in it is an error. */
  readonly config?: Config;
  /** Everything that is wrong or doubtful, in the order of the file. */
  readonly problems: readonly Diagnostic[];
  /** For those who find more: the plan, a source that is missing. */
  readonly source: ConfigSource;
}

/**
 * Reads a config and checks all that can be checked without opening a source: form, names, dependencies, expressions.
 * Never throws for what is in the file; bytes that are no text are a problem like any other.
 *
 * @param file its name for messages
 */
export function loadConfig(contents: string | Uint8Array, file: string): Loaded {
  const { text, problem } = decodeText(contents);
  if (problem) return unreadable(file, text, [problem]);
  const { document, problems } = parseYaml(text);
  if (document === null) return unreadable(file, text, problems);

  const raw = toRaw(document, text);
  const source = configSource(file, text, document.contents, raw.targets);
  const found = raw.problems.map((problem) => diagnosticAt(file, text, problem));
  const faulty = faultyPaths();
  const report: ReportProblem = (path, message, where) => {
    found.push(source.diagnose(path, message, where));
    if (where?.severity !== "warning") faulty.add(path);
  };
  if (raw.value === null) report([], "the config is empty: begin with `version: 1`, then `tasks:`");
  if (raw.value === null || raw.value === undefined) return { problems: found, source };
  const sites: ExpressionSite[] = [];
  const reading = {
    report,
    found: (site: ExpressionSite) => void sites.push(site),
    written: source.written,
    quoted: source.quoted,
    home: homeOf,
  };
  const config = configSchema.read(raw.value, { path: [], scope: "plan", reading });
  if (config !== undefined) {
    checkConfig({ config, raw: raw.value, source, sites, isFaulty: faulty.has }, report);
  }
  const isGood = found.every(({ severity }) => severity === "warning");
  return { ...(isGood && config ? { config } : {}), problems: inOrder(found), source };
}

/** Where something was reported so far. */
function faultyPaths() {
  const faulty: ConfigPath[] = [];
  const startsWith = (path: ConfigPath, beginning: ConfigPath) =>
    beginning.length > 0 && beginning.every((step, at) => step === path[at]);
  return {
    add: (path: ConfigPath) => void faulty.push(path),
    has: (path: ConfigPath) => faulty.some((other) => startsWith(other, path) || startsWith(path, other)),
  };
}

function unreadable(file: string, text: string, problems: readonly TextProblem[]): Loaded {
  const source = configSource(file, text, null, new Map());
  return { problems: inOrder(problems.map((problem) => diagnosticAt(file, text, problem))), source };
}

/** In the order of the file; what an alias repeats is said once. */
export function inOrder(found: readonly Diagnostic[]): Diagnostic[] {
  const byPlace = new Map(found.map((one) => [`${one.line}:${one.column}:${one.message}`, one]));
  return [...byPlace.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}
