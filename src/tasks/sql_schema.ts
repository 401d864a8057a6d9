import { anything, count, fixedText, flag, list, required, settings, text } from "../schema/words.ts";
import type { Kind } from "./kind.ts";

const url = text({
  description: "The database: `postgres://`, `mysql://` or `sqlite:`.",
  examples: ["${{ secrets.pg }}", "sqlite:data.db"],
});

const maxRows = count({ description: "More rows fail the attempt with `too_large`.", default: 10_000 }, {
  min: 1,
});

const readOnly = flag({
  description: "The query only reads: it runs in a read-only transaction and may be repeated.",
  default: false,
});

const schema = settings({
  query: required(fixedText({
    description: "One statement, fixed in the config; values are bound by `params`.",
    examples: ["select * from users where id = $1"],
  })),
  params: list(anything("A value.", { exact: true }), {
    description: "Values bound to the query's placeholders, in order.",
    examples: [["${{ item.id }}"]],
  }),
  maxRows,
  readOnly,
  url,
}, { description: "Runs a SQL query.", examples: [{ query: "select 1" }] });

/** SQL queries, as far as they are known before anything runs. */
export const sqlKind: Kind = {
  name: "sql",
  schema,
  targetSchema: settings({ url, maxRows, readOnly }, "A database."),
  phases: ["connect"],
  resultFields: { rows: "list", rowCount: "int", columns: "list<string>" },
  textFields: [],
  check: () => {},
  defaultPool: (spec) => ({
    name: String(spec.url ?? "sql"),
    concurrency: 4,
    why: "default for SQL: 4 per URL",
    per: null,
  }),
  isHarmless: (spec) => spec.readOnly === true,
  load: () => Promise.reject(new Error("sql tasks cannot be run yet")),
};
