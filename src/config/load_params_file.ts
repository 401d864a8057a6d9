import type { Diagnostic } from "../model/diagnostic.ts";
import type { ValueMap } from "../model/json.ts";
import { anything, named } from "../schema/words.ts";
import { configSource, diagnosticAt } from "./config_source.ts";
import { decodeText } from "./decode_text.ts";
import { inOrder } from "./load_config.ts";
import { parseYaml } from "./parse_yaml.ts";
import { toRaw } from "./raw_config.ts";

/** What came of a file of params. */
export interface LoadedParams {
  /** Undefined when anything in it is an error. */
  readonly values?: ValueMap;
  readonly problems: readonly Diagnostic[];
  readonly text: string;
}

/**
 * Reads `--params FILE`: YAML or JSON, read as a config is. A number that YAML would change is an error, except in a
 * `.json` file: a number is what its writer meant there.
 *
 * @param file its name for messages
 */
export function loadParamsFile(contents: Uint8Array, file: string): LoadedParams {
  const { text, problem } = decodeText(contents);
  const { document, problems } = problem ? { document: null, problems: [problem] } : parseYaml(text);
  if (document === null) return { text, problems: problems.map((one) => diagnosticAt(file, text, one)) };

  const raw = toRaw(document, text);
  const source = configSource(file, text, document.contents, raw.targets);
  const found = raw.problems.map((problem) => diagnosticAt(file, text, problem));
  const word = named(anything("A value.", { scope: "none", exact: !file.endsWith(".json") }), "Params.");
  const values = raw.value === undefined ? undefined : word.read(raw.value, {
    path: [],
    scope: "none",
    reading: {
      report: (path, message, where) => void found.push(source.diagnose(path, message, where)),
      found: () => {},
      written: source.written,
      home: () => undefined,
      quoted: source.quoted,
    },
  });
  const isGood = found.every(({ severity }) => severity === "warning");
  return { text, problems: inOrder(found), ...(isGood ? { values: values as ValueMap } : {}) };
}
