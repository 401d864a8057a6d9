import type { ReportProblem } from "../model/diagnostic.ts";
import type { ValueMap } from "../model/json.ts";
import {
  anything,
  choice,
  complain,
  count,
  fixedText,
  flag,
  list,
  mapped,
  type Place,
  required,
  settings,
  size,
  text,
  type Word,
} from "../schema/words.ts";
import type { Kind } from "./kind.ts";
import { checkQuery } from "./sql_statement.ts";
import { sqlDialects } from "./sql_text.ts";
import { perPlace } from "./server_url.ts";
import { dialectOf, readSqlUrl } from "./sql_url.ts";
import { tlsSettings } from "./tls_schema.ts";

/** Rows of one result, unless the config says otherwise. */
export const builtInMaxRows = 10_000;

/** Bytes of one result, unless the config says otherwise. */
export const builtInMaxBytes = 50_000_000;

/** What may stand under a target and under a task, the task's winning. */
const shared = {
  url: mapped(
    text({
      description: "The database.",
      examples: [
        "${{ secrets.pg }}",
        "postgres://user@host/name?sslmode=verify-full",
        "sqlite:data.db?mode=rw",
      ],
    }),
    readUrl,
  ),
  maxRows: count({ description: "The most rows of one result.", default: builtInMaxRows }, { min: 1 }),
  maxBytes: size({
    description: "The largest result, all its rows together; of rows that only go to other tasks, each.",
    default: "50MB",
  }),
  ifMore: choice(["fail", "truncate"], {
    description:
      "What a result over `maxRows` or `maxBytes` does: `fail` the attempt with `too_large`, or `truncate` it and go on with the first rows.",
    default: "fail",
  }),
  readOnly: flag({
    description: "The query only reads: it runs in a read-only transaction and may be repeated.",
    default: false,
  }),
  tls: tlsSettings,
};

const schema = settings({
  query: required(queryText()),
  params: list(anything("A value.", { exact: true }), {
    description:
      "Values bound to the query's placeholders (`$1` or `?`), in order. They keep their types; maps are JSON, lists are arrays where the database has them and else JSON.",
    examples: [["${{ item.id }}"]],
  }),
  ...shared,
}, { description: "Runs a SQL query.", examples: [{ query: "select 1" }] });

/** SQL queries, as far as they are known before anything runs. */
export const sqlKind: Kind = {
  name: "sql",
  limits: { maxRows: builtInMaxRows, maxBytes: builtInMaxBytes },
  schema,
  targetSchema: settings(shared, "A database."),
  phases: ["connect"],
  streams: "rows",
  resultFields: { rows: "list", rowCount: "int", columns: "list<string>" },
  textFields: [],
  check: checkSql,
  describe: (spec) => `queries: ${spec.query}`,
  defaultPool: (spec) => ({
    name: String(spec.url ?? "sql"),
    concurrency: 4,
    why: "default for SQL: 4 per URL",
    per: perPlace(spec.url),
  }),
  isHarmless: (spec) => spec.readOnly === true,
  load: async () => (await import("./sql.ts")).openSql,
};

/** A fixed text; what people write into it first is an expression, and they are told where it goes. */
function queryText(): Word<string> {
  const fixed = fixedText({
    description: "One statement, fixed in the config; values are bound by `params`.",
    examples: ["select * from users where id = $1"],
  });
  return {
    ...fixed,
    read(raw, place) {
      const found = typeof raw === "string" ? /\$\{\{[\s\S]*?(\}\}|$)/.exec(raw) : null;
      if (found === null) return fixed.read(raw, place);
      place.reading.report(
        place.path,
        "a query takes no ${{ }}: write a placeholder ($1, or ?) here and the expression under params, which binds it",
        { offset: found.index, length: found[0].length },
      );
    },
  };
}

/** Where the config does not tell which database it is, only what holds for each of them is said. */
function checkSql(spec: ValueMap, report: ReportProblem, connection: ValueMap): void {
  const { query, params } = spec;
  const url = spec.url ?? connection.url;
  if (url === undefined || url === null) {
    report([], 'no database is named: write a "url" here, or name a target that has one');
  }
  if (typeof query !== "string") return;
  const paramCount = Array.isArray(params) ? params.length : 0;
  const known = typeof url === "string" ? dialectOf(url) : undefined;
  const problems = (known === undefined ? sqlDialects : [known]).map((dialect) =>
    checkQuery(query, dialect, paramCount)
  );
  const [problem] = problems;
  if (problem && problems.every((other) => other !== undefined)) {
    report(["query"], problem.message, { offset: problem.at });
  }
}

/** What holds an expression is read when its value is known. */
function readUrl(url: string, place: Place): string {
  const found = url.includes("${{")
    ? {}
    : readSqlUrl(url, { directory: "/", tls: undefined, connectMs: null });
  if ("wrong" in found) complain(place, `this is no database: ${found.wrong}`);
  return url;
}
