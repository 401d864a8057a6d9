import type { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";

/** What is used of a connection of `mysql2`. */
export interface MyConnection extends EventEmitter {
  readonly stream: Duplex;
  readonly threadId: number;
  /** The driver tells MariaDB by the version it gives. */
  readonly _isMariaDB: boolean;
  /** A prepared statement, made once for each text. Its rows and errors are events. */
  execute(options: MyStatement): EventEmitter;
  /** A statement without values, as text. */
  query(options: MyStatement): EventEmitter;
  query(text: string, done: (error: unknown) => void): EventEmitter;
  /** Says goodbye. */
  end(): void;
}

/** @see MyConnection.execute */
export interface MyStatement {
  readonly sql: string;
  readonly values?: readonly unknown[];
  readonly rowsAsArray: true;
}

/** A column. */
export interface MyField {
  readonly name: string;
  readonly columnType: number;
  /** `json` for a text that MariaDB knows to be JSON. */
  readonly extendedFormat?: string;
}

/** What a statement that gives no rows answers. */
export interface MyHeader {
  readonly affectedRows: number | string;
  readonly serverStatus: number;
}

/** What the server says is wrong, or the driver. */
export interface MyError {
  readonly code?: string;
  readonly errno?: number;
  readonly sqlMessage?: string;
  readonly message: string;
}
