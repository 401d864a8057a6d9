import {
  anything,
  below,
  choice,
  complain,
  count,
  expression,
  fixedText,
  flag,
  isMap,
  list,
  mapped,
  named,
  nameOf,
  type Parsed,
  type Place,
  section,
  shapes,
  type Templated,
  text,
  type Word,
} from "../schema/words.ts";
import { hint, orList } from "../model/near.ts";
import { quotedText } from "../schema/quoted_text.ts";

/** Literals and paths are the same for all items; those that read `needs` wait for it. */
const beforeItems = { scope: "inputs", secrets: false } as const;

const items = list(
  anything("An item.", { ...beforeItems, exact: true }),
  { description: "Items, written out.", examples: [["a", "b"]] },
);

const values = shapes(
  [
    expression({
      description: "An expression that gives the list of items.",
      examples: ["${{ needs.users.outputs.ids }}"],
    }, { scope: "inputs", secrets: false, gives: "list" }),
    items,
  ],
  (raw) => typeof raw === "string" ? 0 : 1,
  "An expression that gives the list of items, or the items written out.",
);

const written = expression("", { scope: "inputs", secrets: false, gives: "list" });

/** A list that an expression gives. Without its `${{ }}` a text is taken for a list or a file that was meant. */
const givenList: Word<string> = {
  read(raw, place) {
    if (typeof raw === "string" && raw.includes("${{")) return written.read(raw, place);
    return complain(place, `expected a list, got ${nameOf(raw)}: ${listMeant(raw)}`);
  },
  json: () => ({ type: "string", pattern: "\\$\\{\\{", description: "An expression that gives the list." }),
};

function listMeant(raw: unknown): string {
  const source = typeof raw === "string" ? sourceMeant(raw) : undefined;
  if (source !== undefined) return `write { ${source}: ${quotedText(String(raw))} }`;
  return "write a list, { lines: FILE }, or an expression in ${{ }}";
}

/** The source that a text is probably meant for; undefined when it does not look like any. */
function sourceMeant(text: string): keyof typeof endings | undefined {
  return (Object.keys(endings) as (keyof typeof endings)[]).find((source) =>
    endings[source].test(text.trim())
  );
}

const endings = {
  glob: /[*?]/,
  range: /^-?\d+\.\.-?\d+$/,
  csv: /\.csv(\.gz)?$/i,
  jsonl: /\.(jsonl|ndjson)(\.gz)?$/i,
  json: /\.json(\.gz)?$/i,
  lines: /^[^\s,]*\/[^\s,]*$|\.(txt|lst|list)(\.gz)?$/i,
} as const;

const rangeText = mapped(
  text({ description: "Whole numbers, both ends included.", examples: ["1..100"] }, beforeItems),
  (range, place) => {
    if (range.includes("${{")) return range;
    const match = /^\s*([-+]?\d+)\s*\.\.\s*([-+]?\d+)\s*$/.exec(range);
    if (!match) {
      const meant = /^\s*(\d+)\s*(?:-|–|:|,|\.\.\.)\s*(\d+)\s*$/.exec(range);
      const instead = meant ? `: write ${meant[1]}..${meant[2]}` : "";
      return complain(place, `expected a range such as 1..100, got "${range}"${instead}`);
    }
    if (BigInt(match[1]!) <= BigInt(match[2]!)) return range;
    return complain(place, `a range counts up: write ${match[2]}..${match[1]}, not ${match[1]}..${match[2]}`);
  },
);

const range: Word<string> = {
  ...rangeText,
  read(raw, place) {
    if (typeof raw === "string") return rangeText.read(raw, place);
    const [from, to] = Array.isArray(raw) && raw.length === 2 ? raw : [1, raw];
    const instead = Number.isInteger(from) && Number.isInteger(to) ? `: write ${from}..${to}` : "";
    return complain(place, `expected a range such as 1..100, got ${nameOf(raw)}${instead}`);
  },
};

const path = (description: string, example: string): Word<string> =>
  text({
    description: `${description} Relative to the config; \`-\` is stdin; \`.gz\` is read through.`,
    examples: [example],
  }, beforeItems);

const sources = ["values", "range", "lines", "csv", "jsonl", "json", "glob", "from"] as const;

const sourceEntries = {
  values,
  range,
  lines: path("A file of which each line is an item; line ends and blank lines are dropped.", "ids.txt"),
  csv: path("A CSV file (RFC 4180) with a header; items are maps of text.", "hosts.csv"),
  jsonl: path("A file of which each line is a JSON value.", "events.jsonl"),
  json: path("A JSON file; its list, or the one that `select` gives, has the items.", "export.json"),
  glob: text({
    description: "Files whose paths match, sorted. Items are paths relative to the config.",
    examples: ["in/*.csv", "logs/**/*.log"],
  }, beforeItems),
  from: fixedText({
    description: "Another task: each of its ok runs gives an item, while it still runs.",
    examples: ["users"],
  }),
  as: fixedText({ description: "A name for the item in expressions, besides `item`.", examples: ["user"] }),
  where: expression({
    description: "Keeps the items for which this holds.",
    examples: ["item.active"],
  }, { scope: "where", secrets: false, gives: "bool" }),
  unique: flag({ description: "Drops items that came before.", default: false }),
  batch: count({ description: "Makes lists of this many items; the last may be shorter." }, { min: 1 }),
  empty: choice(["ok", "fail"], {
    description:
      "Whether no items at all is fine. A `glob` that matches nothing fails unless told otherwise.",
  }),
  delimiter: fixedText({ description: "With `csv`: what stands between two fields.", default: "," }),
  select: expression({
    description: "With `json`: gives the list of items.",
    examples: ["json.data.users"],
  }, { scope: "select", secrets: false, gives: "list" }),
  each: expression({
    description:
      "With `from`: one item per element of this list of the result; `rows` of a query are gone through while it still runs.",
    examples: ["json.data", "rows"],
  }, { scope: "each", secrets: false, gives: "list" }),
};

/** What stands under `foreach`. */
export const foreachKeys: readonly string[] = Object.keys(sourceEntries);

const source = section(sourceEntries, {
  description: "Where the items come from.",
  examples: [{ csv: "hosts.csv", as: "host" }, { glob: "in/*.json" }],
}, { exactlyOne: sources });

/** The inputs of a task, in the plan's shape with what was not written left out. */
export const foreach = shapes(
  [
    mapped(items, (items): ForeachSetting => ({ source: "list", items })),
    mapped(givenList, toValues),
    mapped(source, toForeach),
  ],
  (raw) => Array.isArray(raw) ? 0 : isMap(raw) ? 2 : 1,
  {
    description: "The inputs: the task runs once for each item.",
    examples: [["a", "b"], { lines: "ids.txt" }, { range: "1..100" }],
  },
);

/** As in the plan; `batch` and `unique` may wait for it. */
export type ForeachSetting =
  & {
    readonly as?: string;
    readonly where?: string;
    readonly unique?: boolean | Templated<"flag">;
    readonly batch?: number | Templated<"count">;
    readonly empty?: "ok" | "fail";
  }
  & (
    | { readonly source: "list"; readonly items: readonly unknown[] }
    | { readonly source: "values"; readonly values: string }
    | { readonly source: "range"; readonly range: string }
    | { readonly source: "lines" | "jsonl"; readonly path: string }
    | { readonly source: "csv"; readonly path: string; readonly delimiter?: string }
    | { readonly source: "json"; readonly path: string; readonly select?: string }
    | { readonly source: "glob"; readonly pattern: string }
    | { readonly source: "from"; readonly from: string; readonly each?: string }
  );

const axis = shapes(
  [givenList, list(anything("A value.", { ...beforeItems, exact: true }), "Values, written out.")],
  (raw) => typeof raw === "string" && raw.includes("${{") ? 0 : 1,
  "Values: a list, or an expression that gives one.",
);

const combinations = list(
  named(anything("A value.", { ...beforeItems, exact: true }), "Names of the matrix and their values."),
  "Combinations.",
);

/** Lists to multiply, in the plan's shape. */
export const matrix: Word<MatrixSetting> = {
  read(raw, place) {
    if (!isMap(raw)) return complain(place, "expected a map of names and lists of values");
    const { exclude, include, ...axes } = raw;
    const at = (key: string): Place => ({ ...place, path: [...place.path, key] });
    const without = exclude === undefined ? [] : combinations.read(exclude, at("exclude"));
    const plus = include === undefined ? [] : combinations.read(include, at("include"));
    const lists = named(axis, "").read(axes, place);
    checkCombinations(Object.keys(axes), without ?? [], plus ?? [], place);
    return without && plus && lists && { axes: lists, exclude: without, include: plus };
  },
  json: () => ({
    type: "object",
    properties: {
      exclude: {
        ...combinations.json(),
        description: "Combinations to leave out: those that agree on every name given.",
      },
      include: { ...combinations.json(), description: "Whole combinations to append." },
    },
    additionalProperties: axis.json(),
    description:
      "Lists to multiply: the task runs once for each combination, and for each item if there are any.",
    examples: [{ size: [64, 256], format: ["webp", "png"] }],
  }),
};

/** Names that are in no list exclude nothing; names that an included combination lacks, expressions cannot read. */
function checkCombinations(
  axes: readonly string[],
  exclude: MatrixSetting["exclude"],
  include: MatrixSetting["include"],
  place: Place,
): void {
  for (const [position, combination] of exclude.entries()) {
    for (const name of Object.keys(combination).filter((name) => !axes.includes(name))) {
      const message = `"${name}" is no list of this matrix, so this excludes nothing${
        hint(name, axes, "lists")
      }`;
      place.reading.report([...place.path, "exclude", position, name], message, { on: "key" });
    }
  }
  for (const [position, combination] of include.entries()) {
    const missing = axes.filter((name) => !Object.hasOwn(combination, name));
    if (missing.length === 0) continue;
    const message = `this combination is appended as it is, without ${
      orList(missing)
    }: expressions that read it will fail`;
    place.reading.report([...place.path, "include", position], message, { severity: "warning" });
  }
}

/** As in the plan. */
export interface MatrixSetting {
  /** Lists, or the CEL source of an expression that gives one. */
  readonly axes: { readonly [name: string]: readonly unknown[] | string };
  readonly exclude: readonly { readonly [name: string]: unknown }[];
  readonly include: readonly { readonly [name: string]: unknown }[];
}

function toValues(values: readonly unknown[] | string): ForeachSetting {
  return typeof values === "string" ? { source: "values", values } : { source: "list", items: values };
}

function toForeach(given: Parsed<typeof source>, place: Place): ForeachSetting | undefined {
  for (const [option, needed] of [["delimiter", "csv"], ["select", "json"], ["each", "from"]] as const) {
    if (given[option] === undefined || given[needed] !== undefined) continue;
    place.reading.report([...place.path, option], `"${option}" goes with "${needed}" only`, { on: "key" });
  }
  if (given.delimiter !== undefined && !/^[^"\r\n]$/.test(given.delimiter)) {
    complain(
      below(place, "delimiter"),
      `a delimiter is one character, got ${JSON.stringify(given.delimiter)}`,
    );
  }
  const { values, range, lines, csv, jsonl, json, glob, from, ...options } = given;
  if (values !== undefined) return { ...options, ...toValues(values) };
  if (range !== undefined) return { ...options, source: "range", range };
  if (lines !== undefined) return { ...options, source: "lines", path: lines };
  if (csv !== undefined) return { ...options, source: "csv", path: csv };
  if (jsonl !== undefined) return { ...options, source: "jsonl", path: jsonl };
  if (json !== undefined) return { ...options, source: "json", path: json };
  if (glob !== undefined) return { ...options, source: "glob", pattern: glob };
  if (from !== undefined) return { ...options, source: "from", from };
  return undefined;
}
