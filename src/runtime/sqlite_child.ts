import { statSync } from "node:fs";
import process from "node:process";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { toBase64, type Value } from "../model/json.ts";
import { transactionTrouble } from "./database_trouble.ts";
import { realHost } from "./host.ts";
import { fromWire, readLine, type SqliteRequest, writeLine } from "./sqlite_wire.ts";

/**
 * Runs queries on SQLite files for the process at the other end of stdin and stdout, until stdin ends.
 *
 * A query occupies this process's only thread and cannot be interrupted: whoever asked kills the process instead.
 * Should that one be killed itself, a second thread that waits on stdin ends this process, in the middle of a query too.
 */
export function serveSqlite(): void {
  const databases = new OpenFiles();
  const decoder = new TextDecoder();
  let line = "";
  // A worker from a text needs no file of its own beside the compiled program.
  const reader = new Worker(readStdin, { eval: true });
  reader.on("message", (chunk: Uint8Array | null) => {
    if (chunk === null) {
      databases.close();
      process.exit(0);
    }
    const lines = (line + decoder.decode(chunk, { stream: true })).split("\n");
    line = lines.pop()!;
    for (const request of lines) answer(readLine<SqliteRequest>(request), databases);
  });
}

/** Hands on what arrives. After its end the main thread may finish what it does for a moment, but no longer. */
const readStdin = `
const { readSync } = require("node:fs");
const { parentPort } = require("node:worker_threads");
const wait = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
for (;;) {
  const chunk = new Uint8Array(65536);
  let length = 0;
  try {
    length = readSync(0, chunk, 0, chunk.length, null);
  } catch (error) {
    if (error.code === "EAGAIN") {
      wait(1);
      continue;
    }
  }
  if (length === 0) break;
  parentPort.postMessage(chunk.subarray(0, length));
}
parentPort.postMessage(null);
wait(300);
process.kill(process.pid, "SIGKILL");
`;

/** The files that are open: one that may only read and one that may write do not share a connection. */
class OpenFiles {
  private readonly open = new Map<string, DatabaseSync>();

  get(request: SqliteRequest): DatabaseSync {
    const name = `${request.readOnly ? "r" : "w"}${request.path}`;
    const known = this.open.get(name);
    if (known !== undefined) return known;
    refuseMissing(request);
    const database = new DatabaseSync(request.path, { readOnly: request.readOnly });
    database.exec(`pragma busy_timeout = ${request.busyMs}`);
    this.open.set(name, database);
    return database;
  }

  close(): void {
    for (const database of this.open.values()) database.close();
  }
}

/** SQLite itself makes a file that is missing, and says only "unable to open" of a directory. */
function refuseMissing({ path, create, readOnly }: SqliteRequest): void {
  if (path === ":memory:") return;
  try {
    if (statSync(path).isDirectory()) throw Object.assign(new Error("it is a directory"), { code: "EISDIR" });
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT" || !create || readOnly) throw error;
  }
}

function answer(request: SqliteRequest, databases: OpenFiles): void {
  const reply = new Reply();
  try {
    const database = databases.get(request);
    reply.end(run(database, request, reply));
    if (database.isTransaction) database.exec("rollback");
  } catch (error) {
    reply.end(troubleOf(error));
  }
}

function run(database: DatabaseSync, request: SqliteRequest, reply: Reply): Ending {
  const statement = prepare(database, request.query);
  const columns = statement.columns().map(({ name }) => name);
  if (columns.length > 0) reply.write(writeLine({ columns }));
  const before = changesOf(database);
  let rows = 0;
  // Leaving the loop resets the statement, so that it holds no lock.
  for (const row of rowsOf(database, statement, request)) {
    const line = rowLine(row);
    if (line.length > request.maxRowBytes) return tooBig;
    reply.write(line);
    if (++rows > request.maxRows) break;
  }
  if (database.isTransaction) return transactionTrouble;
  if (columns.length > 0) return { rowCount: rows };
  const after = changesOf(database);
  return { rowCount: after.total === before.total ? 0 : after.last };
}

function prepare(database: DatabaseSync, query: string): StatementSync {
  const statement = database.prepare(query);
  statement.setReadBigInts(true);
  (statement as StatementSync & { setReturnArrays(on: boolean): void }).setReturnArrays(true);
  return statement;
}

function rowsOf(
  database: DatabaseSync,
  statement: StatementSync,
  request: SqliteRequest,
): Iterable<readonly Cell[]> {
  const values = bindings(request);
  const rows = iterateHidesErrors ? rowsBeforehand(database, statement, request, values) : undefined;
  return (rows ?? statement.iterate(...values)) as unknown as Iterable<readonly Cell[]>;
}

/**
 * Deno 2.9 takes an error in the middle of `iterate()` for the end of the rows. There a query's rows are put into a
 * temporary table first, which fails aloud. What is no query gives few rows, if any, and they are fetched at once.
 */
const iterateHidesErrors = (() => {
  const failing = new DatabaseSync(":memory:").prepare("select abs(-9223372036854775807 - 1)");
  try {
    return [...failing.iterate()].length === 0;
  } catch {
    return false;
  }
})();

function rowsBeforehand(
  database: DatabaseSync,
  statement: StatementSync,
  { query, maxRows }: SqliteRequest,
  values: readonly Bound[],
): Iterable<unknown> {
  database.exec("drop table if exists temp.fanout_rows");
  let copying: StatementSync;
  try {
    const inner = query.replace(/[\s;]+$/, "");
    copying = database.prepare(
      `create temp table fanout_rows as select * from (${inner}\n) limit ${maxRows + 1}`,
    );
  } catch {
    return statement.all(...values);
  }
  copying.run(...values);
  return prepare(database, "select * from temp.fanout_rows").iterate();
}

type Ending = { readonly rowCount: number } | { readonly code: string; readonly message: string };

const tooBig = { code: "SQLITE_TOOBIG", message: "one row alone is larger than that" };

/** Counters of rows changed: by the last statement that changes any, and by all with their triggers. */
function changesOf(database: DatabaseSync): { readonly last: number; readonly total: number } {
  return database.prepare("select changes() as last, total_changes() as total").get() as never;
}

type Bound = null | bigint | number | string | Uint8Array;

function bindings({ params, names }: SqliteRequest): Bound[] {
  const values = params.map((param) => bound(fromWire(param)));
  if (names === null) return values;
  return [Object.fromEntries(names.map((name, index) => [name, values[index]])) as unknown as Bound];
}

/** A number without a fraction is bound as an integer: `3` stays `3`, and is no `3.0`. */
function bound(value: Value): Bound {
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value as Bound;
}

type Cell = null | bigint | number | string | Uint8Array;

/** Written by hand: a general writer of JSON takes three times as long. */
function rowLine(row: readonly Cell[]): string {
  let line = "[";
  for (let index = 0; index < row.length; index++) {
    if (index > 0) line += ",";
    line += cellText(row[index]!);
  }
  return line + "]\n";
}

function cellText(cell: Cell): string {
  if (cell === null) return "null";
  if (typeof cell === "string") return JSON.stringify(cell);
  if (typeof cell === "bigint") return cell.toString();
  if (typeof cell === "number") return Number.isFinite(cell) ? String(cell) : `"${cell}"`;
  return `{"base64":"${toBase64(cell)}"}`;
}

/** A line waits no longer than this for others, unless no other comes. */
const lingerMs = 5;

/** Collects lines into large writes, which wait until the other side has room: memory stays flat. */
class Reply {
  private text = "";
  private flushedAt = -Infinity;

  write(line: string): void {
    this.text += line;
    if (this.text.length > 65_536 || performance.now() - this.flushedAt > lingerMs) this.flush();
  }

  end(ending: Ending): void {
    this.write(writeLine(ending));
    this.flush();
  }

  private flush(): void {
    realHost.stdout.write(this.text);
    this.text = "";
    this.flushedAt = performance.now();
  }
}

function troubleOf(error: unknown): Ending {
  const { errcode, code, message } = error as { errcode?: number; code?: string; message?: string };
  const name = errcode === undefined ? undefined : resultCodes[errcode & 0xff];
  return { code: name ?? code ?? "SQLITE_ERROR", message: message ?? String(error) };
}

/** SQLite's primary result codes, by number. */
const resultCodes: { readonly [code: number]: string } = {
  1: "SQLITE_ERROR",
  3: "SQLITE_PERM",
  5: "SQLITE_BUSY",
  6: "SQLITE_LOCKED",
  7: "SQLITE_NOMEM",
  8: "SQLITE_READONLY",
  10: "SQLITE_IOERR",
  11: "SQLITE_CORRUPT",
  13: "SQLITE_FULL",
  14: "SQLITE_CANTOPEN",
  18: "SQLITE_TOOBIG",
  19: "SQLITE_CONSTRAINT",
  20: "SQLITE_MISMATCH",
  23: "SQLITE_AUTH",
  25: "SQLITE_RANGE",
  26: "SQLITE_NOTADB",
};
