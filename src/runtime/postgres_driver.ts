import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";

/** What is used of a client of `pg`, whose own types leave the connection out. */
export interface PgClient extends EventEmitter {
  readonly connection: PgConnection;
  readonly host: string;
  readonly port: number;
  readonly processID: number;
  readonly secretKey: number;
  connect(): Promise<unknown>;
  query(query: PgSubmittable): void;
  query(text: string): Promise<unknown>;
}

/** The wire: each method sends one message of the protocol, each message of the server is an event. */
export interface PgConnection extends EventEmitter {
  readonly stream: Socket;
  connect(port: number, host: string): void;
  connect(path: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
  parse(query: { readonly text: string }): void;
  bind(config: { readonly values: readonly unknown[] }): void;
  describe(what: { readonly type: "P" | "S" }): void;
  execute(config: { readonly rows: number }): void;
  flush(): void;
  sync(): void;
  sendCopyFail(why: string): void;
  end(): void;
}

/** A query that takes the server's messages itself. */
export interface PgSubmittable {
  submit(connection: PgConnection): void;
  handleRowDescription(message: { readonly fields: readonly PgField[] }): void;
  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void;
  handlePortalSuspended(): void;
  handleCommandComplete(message: { readonly text: string }): void;
  handleEmptyQuery(): void;
  handleCopyInResponse(connection: PgConnection): void;
  handleCopyData(): void;
  /** The server's error, or the connection's. */
  handleError(error: unknown): void;
  handleReadyForQuery(): void;
}

/** A column. */
export interface PgField {
  readonly name: string;
  readonly dataTypeID: number;
}
