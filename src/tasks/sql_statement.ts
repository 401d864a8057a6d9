import type { Value } from "../model/json.ts";
import { scanSql, type SqlDialect } from "./sql_text.ts";

/** Brings a task's values into the order in which a database binds them. */
export interface Bindings {
  readonly params: readonly Value[];
  /** @see SqlStatement.names */
  readonly names: readonly string[] | null;
}

/** What is wrong with a query; `at` is a position in its text. */
export interface QueryProblem {
  readonly at: number;
  readonly message: string;
}

/** Says why a query cannot be sent with so many values: no statement, several, or placeholders that do not fit. */
export function checkQuery(query: string, dialect: SqlDialect, paramCount: number): QueryProblem | undefined {
  const { statementCount, secondAt, placeholders } = scanSql(query, dialect);
  if (statementCount === 0) return { at: 0, message: "the query is empty" };
  if (statementCount > 1) {
    return {
      at: secondAt,
      message: "several statements in one query: write a task for each, joined by needs",
    };
  }
  const message = checkPlaceholders(placeholders, dialect, paramCount);
  return message === undefined ? undefined : { at: 0, message };
}

/** Brings values into the order of binding, for a query that {@link checkQuery} found nothing wrong with. */
export function bindValues(
  query: string,
  dialect: SqlDialect,
): (params: readonly Value[]) => Bindings {
  const { placeholders } = scanSql(query, dialect);
  const names = [...new Set(placeholders)].filter((name) => /\d/.test(name));
  // PostgreSQL binds by number; SQLite takes the 1 of $1 for a mere name.
  if (dialect !== "sqlite" || names.length === 0) return (params) => ({ params, names: null });
  const positions = names.map((name) => Number(name.slice(1)) - 1);
  return (params) => ({ params: positions.map((position) => params[position]!), names });
}

/** PostgreSQL checks by itself, and knows its own operators with a question mark. */
function checkPlaceholders(
  placeholders: readonly string[],
  dialect: SqlDialect,
  paramCount: number,
): string | undefined {
  if (dialect === "postgres") return undefined;
  const named = placeholders.find((name) => !/^[?$]\d*$/.test(name));
  if (named !== undefined) {
    return `${named} has no value: params is a list, write ? or ${dialect === "sqlite" ? "$1" : "?"}`;
  }
  const numbers = placeholders.map((name) => Number(name.slice(1)));
  if (numbers.includes(0) && numbers.some((number) => number > 0)) {
    return "placeholders with and without numbers stand together: write all of them in one way";
  }
  const needed = Math.max(numbers.includes(0) ? numbers.length : 0, ...numbers);
  if (needed === paramCount) return undefined;
  const hint = needed === 0 && dialect === "mysql" ? ": write ? for each" : "";
  return `the query has ${counted(needed, "placeholder")} and params has ${
    counted(paramCount, "value")
  }${hint}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
