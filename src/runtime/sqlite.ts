import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { Value } from "../model/json.ts";
import type {
  Finished,
  Opening,
  RowSink,
  Running,
  SqliteOptions,
  SqlSession,
  SqlStatement,
  Trouble,
} from "./databases.ts";
import { helperCommand } from "./helper.ts";
import { fromWire, readLine, type SqliteReply, toWire, writeLine } from "./sqlite_wire.ts";

/**
 * A SQLite file behind a process of its own, which is started by the first statement and answers one after the other.
 *
 * SQLite works on the thread that calls it and no statement can be interrupted: only in another process does it leave
 * this one free, and stops when it is told to, by a kill. What a killed statement wrote is rolled back by SQLite's journal.
 */
export function openSqlite(options: SqliteOptions): Opening<SqlSession> {
  return { opened: Promise.resolve(new SqliteSession(options)), cancel: () => {} };
}

/** A statement on its way: who waits for it and what takes its rows. */
interface Asked {
  readonly sink: RowSink;
  readonly settle: (ending: Finished | Trouble) => void;
  readonly stoppable: boolean;
  wanted: boolean;
  /** Set when the process was killed on purpose: how the statement ends once it is dead. */
  stopped: Finished | Trouble | undefined;
}

/** Invariant: `asked` is set from the moment a statement is sent until it has ended, and there is at most one. */
class SqliteSession implements SqlSession {
  private readonly options: SqliteOptions;
  private child: ChildProcessByStdio<Writable, Readable, Readable> | undefined;
  private asked: Asked | undefined;
  private ended = false;
  private closed: Promise<void> = Promise.resolve();
  private stderr = "";

  constructor(options: SqliteOptions) {
    this.options = options;
  }

  get usable(): boolean {
    return !this.ended;
  }

  run(statement: SqlStatement, sink: RowSink): Running {
    const { promise, resolve } = Promise.withResolvers<Finished | Trouble>();
    const asked: Asked = {
      sink,
      stoppable: statement.stoppable,
      wanted: true,
      stopped: undefined,
      settle: (ending) => {
        this.asked = undefined;
        resolve(ending);
      },
    };
    this.asked = asked;
    try {
      this.child ??= this.start();
      this.child.stdin.write(this.request(statement));
    } catch (error) {
      this.ended = true;
      asked.settle(troubleOf(error as Error, false));
    }
    return {
      ended: promise,
      cancel: () => this.stop(asked, cancelled),
    };
  }

  async close(): Promise<void> {
    this.ended = true;
    if (this.asked !== undefined) this.stop(this.asked, cancelled);
    // At the end of its input it closes its files, which tidies up a write-ahead log, and goes.
    else this.child?.stdin.end();
    await this.closed;
  }

  private start(): ChildProcessByStdio<Writable, Readable, Readable> {
    const { program, args } = helperCommand("__sqlite");
    // In a session of its own, Ctrl-C on the terminal does not reach it: this program decides when it ends.
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], detached: true });
    const readLines = lineReader((line) => this.read(line));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    child.stdout.on("data", readLines);
    child.stderr.on("data", (chunk: Uint8Array) => {
      this.stderr = (this.stderr + new TextDecoder().decode(chunk)).slice(-500);
    });
    // What cannot be written to it any more shows as its end.
    child.stdin.on("error", () => {});
    child.on("error", (error) => {
      this.ended = true;
      this.asked?.settle(troubleOf(error, false));
      resolve();
    });
    child.on("close", (code, signal) => {
      this.ended = true;
      this.asked?.settle(this.asked.stopped ?? this.death(code, signal));
      resolve();
    });
    return child;
  }

  private stop(asked: Asked, ending: Finished | Trouble): void {
    if (this.asked !== asked || asked.stopped !== undefined) return;
    asked.stopped = ending;
    this.ended = true;
    this.child?.kill("SIGKILL");
  }

  private request({ query, params, names, readOnly, maxRows, maxRowBytes }: SqlStatement): string {
    return writeLine({
      ...this.options,
      query,
      params: params.map(toWire),
      names,
      readOnly,
      maxRows,
      maxRowBytes,
    });
  }

  private read(line: string): void {
    try {
      this.take(readLine<SqliteReply>(line));
    } catch (error) {
      // Whatever wrote that, nothing after it can be trusted: the process is ended, and its end says so.
      this.stderr = `it wrote what makes no sense: ${(error as Error).message}`;
      this.ended = true;
      this.child?.kill("SIGKILL");
    }
  }

  private take(reply: SqliteReply): void {
    const asked = this.asked;
    if (asked === undefined || asked.stopped !== undefined) return;
    if (isRow(reply)) {
      if (!asked.wanted) return;
      asked.wanted = asked.sink.row(reply.map(fromWire));
      if (!asked.wanted && asked.stoppable) this.stop(asked, { kind: "finished", rowCount: 0 });
    } else if ("columns" in reply) asked.sink.columns(reply.columns);
    else if ("rowCount" in reply) asked.settle({ kind: "finished", rowCount: reply.rowCount });
    else asked.settle({ kind: "trouble", ...reply, lost: false });
  }

  private death(code: number | null, signal: string | null): Trouble {
    const how = signal === null ? `exit code ${code}` : signal;
    const said = this.stderr.trim();
    return {
      kind: "trouble",
      code: "ECHILD",
      message: `the process that runs SQLite ended (${how})${said === "" ? "" : `: ${said}`}`,
      lost: true,
    };
  }
}

/** The last thing it did may have been to commit, so that what was done is unknown. */
const cancelled: Trouble = { kind: "trouble", code: "CANCELLED", message: "SQLite was stopped", lost: true };

function isRow(reply: SqliteReply): reply is readonly Value[] {
  return Array.isArray(reply);
}

function troubleOf(error: Error, lost: boolean): Trouble {
  const code = (error as { code?: string }).code ?? "ECHILD";
  return { kind: "trouble", code, message: `SQLite's process did not start: ${error.message}`, lost };
}

/** Gives each line of what arrives, without its end; a line may come in any number of pieces. */
function lineReader(take: (line: string) => void): (chunk: Uint8Array) => void {
  const decoder = new TextDecoder();
  let pieces: string[] = [];
  return (chunk) => {
    const text = decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end; (end = text.indexOf("\n", start)) !== -1; start = end + 1) {
      pieces.push(text.slice(start, end));
      take(pieces.length === 1 ? pieces[0]! : pieces.join(""));
      pieces = [];
    }
    if (start < text.length) pieces.push(text.slice(start));
  };
}
