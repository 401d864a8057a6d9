import type { RowSink, SqlStatement } from "./databases.ts";
import { FetchSize } from "./fetch_size.ts";
import type { PgConnection, PgField, PgSubmittable } from "./postgres_driver.ts";
import { encodeParam, readerOf, type ReadText } from "./postgres_types.ts";

/**
 * One statement in the extended protocol: parse, bind, describe, execute for `maxRows + 1` rows and sync in one go, so
 * that a query takes one round trip and the server never sends more rows than are wanted. Where a list is bound the
 * server is asked first what type it takes it for. Where each row is wanted at once it is executed for a few rows at a
 * time, since the server sends rows when its buffer is full or when so many as were asked for are there; the sync, which
 * ends the transaction, comes after the last ones.
 *
 * Messages become facts here; when the statement has ended is for the session to say.
 */
export class PostgresQuery implements PgSubmittable {
  rowCount = 0;
  /** The first thing that went wrong; undefined when nothing did. */
  error: unknown;
  private readonly statement: SqlStatement;
  private readonly sink: RowSink;
  private readonly stop: () => void;
  private readers: readonly ReadText[] = [];
  private wanted = true;
  private readonly size = new FetchSize();
  /** Set while the statement is executed step by step: a sync has still to be sent. */
  private steps: PgConnection | undefined;

  /** `stop` is called when no more rows are wanted, or the statement cannot go on. */
  constructor(statement: SqlStatement, sink: RowSink, stop: () => void) {
    this.statement = statement;
    this.sink = sink;
    this.stop = stop;
  }

  submit(connection: PgConnection): void {
    const { query, params } = this.statement;
    connection.stream.cork();
    connection.parse({ text: query });
    if (params.some(Array.isArray)) this.askForTypes(connection);
    else this.bind(connection, []);
    connection.stream.uncork();
  }

  handleRowDescription({ fields }: { readonly fields: readonly PgField[] }): void {
    // Asked for the types of placeholders, the server describes the rows as well.
    if (this.readers.length > 0) return;
    this.readers = fields.map((field) => readerOf(field.dataTypeID));
    this.sink.columns(fields.map((field) => field.name));
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    if (!this.wanted) return;
    try {
      const values = fields.map((text, index) => text === null ? null : this.readers[index]!(text));
      this.rowCount++;
      this.wanted = this.sink.row(values);
    } catch (error) {
      this.fail({ code: "PROTOCOL", message: `an answer cannot be read: ${(error as Error).message}` });
    }
    if (!this.wanted && (this.statement.stoppable || this.error !== undefined)) this.stop();
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    // `INSERT 0 3`, `UPDATE 3`; of rows given, `SELECT 3`.
    const count = / (\d+)$/.exec(text);
    if (count !== null && this.readers.length === 0) this.rowCount = Number(count[1]);
    this.endSteps();
  }

  /** There are more rows. */
  handlePortalSuspended(): void {
    if (this.steps === undefined) return;
    this.size.came(performance.now());
    if (this.wanted && this.rowCount <= this.statement.maxRows) this.step(this.steps);
    else this.endSteps();
  }

  handleEmptyQuery(): void {
    this.endSteps();
  }

  handleReadyForQuery(): void {}

  handleError(error: unknown): void {
    this.error ??= error;
    this.endSteps();
  }

  handleCopyInResponse(connection: PgConnection): void {
    this.fail(noCopy);
    connection.sendCopyFail(noCopy.message);
    // The sync that was sent with the statement is no more than data to a server that copies.
    connection.sync();
    this.stop();
  }

  handleCopyData(): void {
    if (this.error !== undefined) return;
    this.fail(noCopy);
    this.stop();
  }

  private askForTypes(connection: PgConnection): void {
    connection.describe({ type: "S" });
    connection.flush();
    const answered = ({ dataTypeIDs }: { readonly dataTypeIDs: readonly number[] }) => {
      connection.off("errorMessage", refused);
      connection.stream.cork();
      this.bind(connection, dataTypeIDs);
      connection.stream.uncork();
    };
    // Without a sync the server says nothing more after an error.
    const refused = () => {
      connection.off("parameterDescription", answered);
      connection.sync();
    };
    connection.once("parameterDescription", answered);
    connection.once("errorMessage", refused);
  }

  private bind(connection: PgConnection, types: readonly number[]): void {
    const { params, maxRows, prompt } = this.statement;
    connection.bind({ values: params.map((value, index) => encodeParam(value, types[index])) });
    connection.describe({ type: "P" });
    if (prompt) return this.step(connection);
    connection.execute({ rows: maxRows + 1 });
    connection.sync();
  }

  private step(connection: PgConnection): void {
    this.steps = connection;
    this.size.asked(performance.now());
    connection.execute({ rows: Math.min(this.size.rows, this.statement.maxRows + 1 - this.rowCount) });
    connection.flush();
  }

  /** After an error too the server waits for it. */
  private endSteps(): void {
    if (this.steps?.stream.writable) this.steps.sync();
    this.steps = undefined;
  }

  private fail(error: { readonly code: string; readonly message: string }): void {
    this.error ??= error;
    this.wanted = false;
  }
}

const noCopy = {
  code: "UNSUPPORTED",
  message: "COPY to and from the client does not work here: use select and insert",
};
