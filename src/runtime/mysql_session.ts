import { changesSettings } from "./changes_settings.ts";
import { unsendable } from "./database_trouble.ts";
import type { Finished, RowSink, Running, SqlSession, SqlStatement, Trouble } from "./databases.ts";
import type { MyConnection, MyError } from "./mysql_driver.ts";
import { MysqlRun } from "./mysql_run.ts";

/** A connection to MySQL or MariaDB. It is used again after errors, but never after a cancellation, which may come late. */
export class MysqlSession implements SqlSession {
  private readonly connection: MyConnection;
  /** Makes another connection to the same server, to stop a statement by. */
  private readonly another: () => MyConnection;
  private readonly closed: Promise<void>;
  private ended = false;
  private running: MysqlRun | undefined;
  /** What the server was last told by `set`. */
  private settings = "";

  constructor(connection: MyConnection, another: () => MyConnection) {
    this.connection = connection;
    this.another = another;
    connection.on("error", (error) => this.end(error));
    this.closed = new Promise((resolve) =>
      connection.stream.once("close", () => {
        this.end({ code: "ECONNRESET", message: "the connection was closed" });
        resolve();
      })
    );
  }

  get usable(): boolean {
    return !this.ended;
  }

  run(statement: SqlStatement, sink: RowSink): Running {
    const run = new MysqlRun(this.connection, this.another, statement, sink, () => this.ended = true);
    this.running = run;
    return { ended: this.ask(run, statement), cancel: () => run.cancel() };
  }

  async close(): Promise<void> {
    this.ended = true;
    const { stream } = this.connection;
    if (this.running !== undefined) stream.destroy();
    else this.connection.end();
    const timer = setTimeout(() => stream.destroy(), 500);
    await this.closed;
    clearTimeout(timer);
  }

  private async ask(run: MysqlRun, statement: SqlStatement): Promise<Finished | Trouble> {
    try {
      return await this.set(run, statement) ?? await run.send();
    } catch (error) {
      this.ended = true;
      return unsendable(error);
    } finally {
      this.running = undefined;
    }
  }

  /** Most statements are sent with the settings of the one before, which costs nothing. */
  private async set(
    run: MysqlRun,
    { query, readOnly, serverTimeoutMs }: SqlStatement,
  ): Promise<Trouble | undefined> {
    const ms = Math.min(serverTimeoutMs ?? 0, 2 ** 31 - 1);
    const [readOnlyName, timeout] = this.connection._isMariaDB
      ? ["tx_read_only", `max_statement_time = ${ms / 1000}`]
      : ["transaction_read_only", `max_execution_time = ${ms}`];
    const settings = `set session ${readOnlyName} = ${Number(readOnly)}, session ${timeout}`;
    const known = this.settings;
    this.settings = changesSettings(query) ? "" : settings;
    return settings === known ? undefined : await run.prepare(settings);
  }

  private end(error: MyError): void {
    this.ended = true;
    this.running?.lose(error);
  }
}
