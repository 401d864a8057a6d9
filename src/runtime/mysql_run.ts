import type { EventEmitter } from "node:events";
import { cancelledTrouble, transactionTrouble } from "./database_trouble.ts";
import type { Finished, RowSink, SqlStatement, Trouble } from "./databases.ts";
import type { MyConnection, MyError, MyField, MyHeader } from "./mysql_driver.ts";
import { driverTrouble } from "./mysql_trouble.ts";
import { readColumn, toBound } from "./mysql_values.ts";

/** How long a statement that was told to stop has, before its connection is ended on the server, and then here. */
const killMs = 500;
const dropMs = 2_000;

/** Numbers of the server's errors: it cannot be prepared; it was interrupted. */
const notPreparable = 1295;
const interrupted = 1317;

/** Bit of the server's status. */
const inTransaction = 1;

/** One statement on a connection. Rows become facts here; the first ending counts. */
export class MysqlRun {
  private readonly connection: MyConnection;
  private readonly another: () => MyConnection;
  private readonly statement: SqlStatement;
  private readonly sink: RowSink;
  private readonly spoil: () => void;
  private readonly ending = Promise.withResolvers<Finished | Trouble>();
  private readonly timers: ReturnType<typeof setTimeout>[] = [];
  private fields: readonly MyField[] = [];
  private rowCount = 0;
  private leftOpen = false;
  private wanted = true;
  private cancelled = false;
  private sent = false;
  private stopping = false;

  /** `another` makes a connection to stop it by; `spoil` says that its own is of no more use. */
  constructor(
    connection: MyConnection,
    another: () => MyConnection,
    statement: SqlStatement,
    sink: RowSink,
    spoil: () => void,
  ) {
    this.connection = connection;
    this.another = another;
    this.statement = statement;
    this.sink = sink;
    this.spoil = spoil;
  }

  /** Settings, before the statement. Nothing is lost when the connection is. */
  async prepare(settings: string): Promise<Trouble | undefined> {
    const done = new Promise<Trouble | undefined>((resolve) =>
      this.connection.query(
        settings,
        (error) => resolve(error ? driverTrouble(error as MyError, false) : undefined),
      )
    );
    const trouble = await Promise.race([done, this.ending.promise]);
    if (trouble === undefined || trouble.kind === "finished") return undefined;
    this.spoil();
    return trouble;
  }

  async send(): Promise<Finished | Trouble> {
    if (this.cancelled) return cancelledTrouble(false);
    this.sent = true;
    this.start(true);
    try {
      return await this.ending.promise;
    } finally {
      for (const timer of this.timers) clearTimeout(timer);
    }
  }

  cancel(): void {
    this.cancelled = true;
    if (this.sent) this.stop();
    // Settings take no time: a server that is silent now is not going to answer.
    else this.timers.push(setTimeout(() => this.connection.stream.destroy(), dropMs));
  }

  /** The connection ended. */
  lose(error: MyError): void {
    this.spoil();
    this.ending.resolve(this.cancelled ? cancelledTrouble(this.sent) : driverTrouble(error, this.sent));
  }

  private start(asPrepared: boolean): void {
    const { query: sql, params } = this.statement;
    const command = asPrepared
      ? this.connection.execute({ sql, values: params.map(toBound), rowsAsArray: true })
      : this.connection.query({ sql, rowsAsArray: true });
    let failed = false;
    command.on("error", (error: MyError) => {
      failed = true;
      // Not everything can be prepared; without values it need not be.
      if (asPrepared && error.errno === notPreparable && params.length === 0) this.start(false);
      else this.fail(error);
    });
    this.listen(command);
    command.on("end", () => failed || this.finish());
  }

  private listen(command: EventEmitter): void {
    // A procedure may give several results: the first is taken.
    command.on("fields", (fields: readonly MyField[] | undefined) => {
      if (fields === undefined || this.fields.length > 0) return;
      this.fields = fields;
      this.sink.columns(fields.map((field) => field.name));
    });
    command.on("result", (result: readonly unknown[] | MyHeader, index = 0) => {
      if (Array.isArray(result)) return index === 0 ? this.take(result) : undefined;
      const { affectedRows, serverStatus } = result as MyHeader;
      if (this.fields.length === 0) this.rowCount = Number(affectedRows);
      this.leftOpen = (serverStatus & inTransaction) !== 0;
    });
  }

  private take(row: readonly unknown[]): void {
    if (!this.wanted) return;
    try {
      const values = row.map((value, index) => readColumn(value, this.fields[index]!));
      this.rowCount++;
      this.wanted = this.sink.row(values) && this.rowCount <= this.statement.maxRows;
    } catch (error) {
      this.wanted = false;
      const message = `an answer cannot be read: ${(error as Error).message}`;
      this.ending.resolve({ kind: "trouble", code: "PROTOCOL", message, lost: false });
    }
    if (!this.wanted && this.statement.stoppable) this.cut();
  }

  /** The server would send all rows there are: only the end of the connection keeps it from that. */
  private cut(): void {
    this.spoil();
    this.ending.resolve({ kind: "finished", rowCount: this.rowCount });
    this.kill("connection");
    this.connection.stream.destroy();
  }

  private finish(): void {
    if (this.leftOpen) {
      this.spoil();
      return this.ending.resolve(transactionTrouble);
    }
    // Some functions end early, and well, when they are interrupted.
    const mayBeCut = this.stopping && this.fields.length > 0;
    this.ending.resolve(mayBeCut ? cancelledTrouble(false) : { kind: "finished", rowCount: this.rowCount });
  }

  private fail(error: MyError): void {
    const trouble = driverTrouble(error, true);
    if (trouble.lost) return this.lose(error);
    if (!this.stopping || error.errno !== interrupted) return this.ending.resolve(trouble);
    this.ending.resolve(
      this.cancelled ? cancelledTrouble(false) : { kind: "finished", rowCount: this.rowCount },
    );
  }

  private stop(): void {
    if (this.stopping) return;
    this.stopping = true;
    this.spoil();
    this.kill("query");
    this.timers.push(
      setTimeout(() => this.kill("connection"), killMs),
      setTimeout(() => this.connection.stream.destroy(), dropMs),
    );
  }

  /** Over a connection of its own, which is given up when the other is. */
  private kill(what: "query" | "connection"): void {
    const killer = this.another();
    const timer = setTimeout(() => killer.stream.destroy(), dropMs);
    killer.on("error", () => killer.stream.destroy());
    killer.stream.once("close", () => clearTimeout(timer));
    killer.query(`kill ${what} ${this.connection.threadId}`, () => killer.end());
  }
}
