import type { ConnectionOptions } from "node:tls";
import { changesSettings } from "./changes_settings.ts";
import { cancelledTrouble, socketTrouble, transactionTrouble, unsendable } from "./database_trouble.ts";
import type { Finished, RowSink, Running, SqlSession, SqlStatement, Trouble } from "./databases.ts";
import { cancelPostgres } from "./postgres_cancel.ts";
import type { PgClient } from "./postgres_driver.ts";
import { PostgresQuery } from "./postgres_query.ts";

/** How long the server has to confirm that a statement was stopped, before its connection is dropped without a word. */
const confirmMs = 2_000;

/** A connection to PostgreSQL. It is used again after errors, but never after a cancellation, which may come late. */
export class PostgresSession implements SqlSession {
  private readonly client: PgClient;
  private readonly tls: ConnectionOptions | false;
  private readonly closed: Promise<void>;
  private ended = false;
  /** Tells the statement that runs, if any, of the connection's end. */
  private onEnd: ((error: unknown) => void) | undefined;
  /** What the server was last told by `set`. */
  private settings = "";

  constructor(client: PgClient, tls: ConnectionOptions | false) {
    this.client = client;
    this.tls = tls;
    client.on("error", (error) => this.end(error));
    this.closed = new Promise((resolve) =>
      client.once("end", () => {
        this.end(new Error("the connection was closed"));
        resolve();
      })
    );
  }

  get usable(): boolean {
    return !this.ended;
  }

  run(statement: SqlStatement, sink: RowSink): Running {
    const run = new StatementRun(this.client, this.tls, () => this.ended = true);
    this.onEnd = (error) => run.lose(error);
    return { ended: this.ask(run, statement, sink), cancel: () => run.cancel() };
  }

  async close(): Promise<void> {
    this.ended = true;
    const { connection } = this.client;
    if (this.onEnd !== undefined) connection.stream.destroy();
    else connection.end();
    const timer = setTimeout(() => connection.stream.destroy(), 500);
    await this.closed;
    clearTimeout(timer);
  }

  private async ask(run: StatementRun, statement: SqlStatement, sink: RowSink): Promise<Finished | Trouble> {
    try {
      return await this.set(run, statement) ?? await run.send(statement, sink);
    } catch (error) {
      this.ended = true;
      return unsendable(error);
    } finally {
      this.onEnd = undefined;
    }
  }

  /** Most statements are sent with the settings of the one before, which costs nothing. */
  private async set(
    run: StatementRun,
    { query, readOnly, serverTimeoutMs }: SqlStatement,
  ): Promise<Trouble | undefined> {
    const timeout = serverTimeoutMs === null || serverTimeoutMs > 2 ** 31 - 1 ? 0 : serverTimeoutMs;
    const settings = `set statement_timeout = ${timeout}; ` +
      (readOnly ? "set default_transaction_read_only = on" : "reset default_transaction_read_only");
    const known = this.settings;
    this.settings = changesSettings(query) ? "" : settings;
    if (settings === known) return undefined;
    try {
      await this.client.query(settings);
    } catch (error) {
      this.ended = true;
      return run.cancelled
        ? cancelledTrouble(false)
        : serverTrouble(error, false) ?? socketTrouble(error, false);
    }
  }

  private end(error: unknown): void {
    this.ended = true;
    this.onEnd?.(error);
  }
}

/** One statement from being sent to the server's word that it is ready for the next. */
class StatementRun {
  cancelled = false;
  private readonly client: PgClient;
  private readonly tls: ConnectionOptions | false;
  private readonly spoil: () => void;
  private readonly ending = Promise.withResolvers<Finished | Trouble>();
  private query: PostgresQuery | undefined;
  private stopping = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `spoil` says that the connection is of no more use. */
  constructor(client: PgClient, tls: ConnectionOptions | false, spoil: () => void) {
    this.client = client;
    this.tls = tls;
    this.spoil = spoil;
  }

  async send(statement: SqlStatement, sink: RowSink): Promise<Finished | Trouble> {
    if (this.cancelled) return cancelledTrouble(false);
    const query = this.query = new PostgresQuery(statement, sink, () => this.stop());
    const ready = ({ status }: { status: string }) => this.ready(query, status);
    this.client.connection.once("readyForQuery", ready);
    this.client.query(query);
    try {
      return await this.ending.promise;
    } finally {
      this.client.connection.off("readyForQuery", ready);
      clearTimeout(this.timer);
    }
  }

  cancel(): void {
    this.cancelled = true;
    if (this.query !== undefined) this.stop();
  }

  /** The connection ended: what the server said last counts for more than the end of the line. */
  lose(error: unknown): void {
    this.spoil();
    if (this.query === undefined) return;
    if (this.stopping && !this.cancelled && this.query.error === undefined) return this.finish(this.query);
    const said = this.query.error ?? error;
    this.ending.resolve(
      this.cancelled ? cancelledTrouble(true) : serverTrouble(said, true) ?? socketTrouble(said, true),
    );
  }

  /** Asks the server to stop it, and gives up on a server that does not. */
  private stop(): void {
    if (this.stopping) return;
    this.stopping = true;
    this.spoil();
    cancelPostgres(this.client, this.tls, confirmMs);
    this.timer = setTimeout(() => this.client.connection.stream.destroy(), confirmMs);
  }

  private ready(query: PostgresQuery, status: string): void {
    const { error } = query;
    if (status !== "I") this.spoil();
    if (error === undefined) {
      return this.ending.resolve(
        status === "I" ? { kind: "finished", rowCount: query.rowCount } : transactionTrouble,
      );
    }
    const trouble = serverTrouble(error, false) ?? socketTrouble(error, false);
    if (this.stopping && trouble.code === "57014") {
      return this.cancelled ? this.ending.resolve(cancelledTrouble(false)) : this.finish(query);
    }
    this.ending.resolve(trouble);
  }

  private finish({ rowCount }: PostgresQuery): void {
    this.ending.resolve({ kind: "finished", rowCount });
  }
}

/** What the server said, or this program of it; undefined for an error of the connection. */
export function serverTrouble(error: unknown, lost: boolean): Trouble | undefined {
  const { code, message, detail, hint, position, severity } = error as {
    readonly code?: string;
    readonly message?: string;
    readonly detail?: string;
    readonly hint?: string;
    readonly position?: string;
    readonly severity?: string;
  };
  if (code === undefined || (severity === undefined && !/^(PROTOCOL|UNSUPPORTED)$/.test(code))) {
    return undefined;
  }
  const place = position === undefined ? "" : ` at character ${position}`;
  const more = [detail, hint].filter((text) => text !== undefined).map((text) => `; ${text}`).join("");
  return { kind: "trouble", code, message: `${message}${place}${more}`, lost };
}
