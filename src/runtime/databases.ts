import type { Value } from "../model/json.ts";

/**
 * Databases, one connection at a time: what is sent, what comes back, how it ended. Nothing here keeps a pool, retries,
 * or decides what an error means. Drivers are imported when the first connection is opened.
 */
export interface Databases {
  openSqlite(options: SqliteOptions): Opening<SqlSession>;
  openPostgres(options: PostgresOptions): Opening<SqlSession>;
  openMysql(options: ServerOptions): Opening<SqlSession>;
  openRedis(options: ServerOptions): Opening<RedisSession>;
}

/** A SQLite file. */
export interface SqliteOptions {
  /** Absolute, or `:memory:`. */
  readonly path: string;
  /** Whether a file that is not there may be made. */
  readonly create: boolean;
  /** How long a statement waits for another process to let go of the file, in milliseconds. */
  readonly busyMs: number;
}

/** A server, and who asks. */
export interface ServerOptions {
  /** A name, an address, or the absolute path of a unix socket (for PostgreSQL, of its directory). */
  readonly host: string;
  readonly port: number;
  /** Null for what the server's own tools would take. */
  readonly user: string | null;
  readonly password: string | null;
  readonly database: string | null;
  readonly tls: DatabaseTls;
  /** Until a statement can be sent, in milliseconds; null for no limit. */
  readonly connectMs: number | null;
}

/** A PostgreSQL server. */
export interface PostgresOptions extends ServerOptions {
  readonly applicationName: string;
  /** As libpq's `options`: `-c search_path=app`; null for none. */
  readonly startupOptions: string | null;
}

/** TLS, in the words of libpq. `ca`, `cert` and `key` are absolute paths of PEM files, or PEM text; null for none. */
export interface DatabaseTls {
  /** `prefer` goes on without where the server has none; `require` checks no certificate, `verify-ca` not its name. */
  readonly mode: "disable" | "prefer" | "require" | "verify-ca" | "verify-full";
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  /** What the certificate is made out to, where it is not the host. */
  readonly serverName: string | null;
}

/** A connection on its way. Settles once, also after `cancel`; never rejects for what a server or the network does. */
export interface Opening<S> {
  readonly opened: Promise<S | Trouble>;
  cancel(): void;
}

/** One connection to a database. */
export interface SqlSession {
  /** False once it cannot take another statement: it is to be closed. */
  readonly usable: boolean;
  /** Starts a statement; the one before has ended. Rows go to `sink` as they arrive. */
  run(statement: SqlStatement, sink: RowSink): Running;
  /** May be called at any time, more than once. A statement that still runs is given up. */
  close(): Promise<void>;
}

/** What is sent. */
export interface SqlStatement {
  readonly query: string;
  readonly params: readonly Value[];
  /** Names of the placeholders where they are numbered (`$1`), each once; null where they are all `?`. For SQLite. */
  readonly names: readonly string[] | null;
  /** In a read-only transaction. */
  readonly readOnly: boolean;
  /** At most this many rows are fetched, and one more to tell that there are more. */
  readonly maxRows: number;
  /** A row larger than this, as JSON, ends the statement. For SQLite, whose rows can be refused before they are sent. */
  readonly maxRowBytes: number;
  /** Whether it may be stopped when no more rows are wanted: it only reads. What writes is left to come to its end. */
  readonly stoppable: boolean;
  /** Each row is wanted as soon as there is one, rather than many of them at a time. */
  readonly prompt: boolean;
  /** After this the server ends it by itself, in milliseconds; null for never. */
  readonly serverTimeoutMs: number | null;
}

/** Takes rows as they arrive. */
export interface RowSink {
  /** Once, before the first row; not at all for a statement that gives no rows. Names as the server gives them. */
  columns(names: readonly string[]): void;
  /** Gives false when no more are wanted: the statement is ended if it may be, and `row` is not called again. */
  row(values: readonly Value[]): boolean;
}

/** A statement that runs. `ended` never rejects and settles when the work has stopped, as far as that can be known. */
export interface Running {
  readonly ended: Promise<Finished | Trouble>;
  /** Stops the work on the server. May be called more than once. */
  cancel(): void;
}

/** The statement did what it says. */
export interface Finished {
  readonly kind: "finished";
  /** Rows given, or changed by a statement that gives none. */
  readonly rowCount: number;
}

/** One connection to Redis. */
export interface RedisSession {
  /** False once it cannot take another command: it is to be closed. */
  readonly usable: boolean;
  /** Sends a command; the one before has ended. */
  run(command: RedisCommand): RunningCommand;
  /** May be called at any time, more than once. A command without a reply is given up. */
  close(): Promise<void>;
}

/** What is sent to Redis. */
export interface RedisCommand {
  /** The command and its arguments, each as it is. */
  readonly words: readonly (string | Uint8Array)[];
  /** A larger reply is trouble with the code `TOO_LARGE`, and ends the connection. */
  readonly maxBytes: number;
  /** It may wait on the server: to stop it, the server is asked to let go of it. */
  readonly blocks: boolean;
}

/** A command without a reply yet. `ended` never rejects. */
export interface RunningCommand {
  readonly ended: Promise<Replied | Trouble>;
  /** Stops waiting, on the server too where that is possible. May be called more than once. */
  cancel(): void;
}

/** What Redis answered. */
export interface Replied {
  readonly kind: "reply";
  /** Integers to 64 bits, texts, bytes that are no text, lists, null; an error within a list is `{ error }`. */
  readonly value: Value;
}

/** What went wrong, in the words of the server or the system. */
export interface Trouble {
  readonly kind: "trouble";
  /**
   * SQLSTATE for PostgreSQL, the error's number for MySQL, `SQLITE_BUSY`, the first word of a Redis error,
   * or the system's name for what happened to the socket or the file: `ECONNREFUSED`, `ENOENT`. Words of our own:
   * `CANCELLED`; `TOO_LARGE`; `MAXCLIENTS`, Redis has too many connections; `TIMEOUT`, no connection in time; `TLS`, certificates and keys; `NO_TLS`, the server has none; `PROTOCOL`, an answer that makes no sense;
   * `UNSUPPORTED`, a statement that does not work this way; `TRANSACTION`, one that leaves a transaction open.
   */
  readonly code: string;
  readonly message: string;
  /** It was sent, and no answer came: whether it was carried out is unknown. */
  readonly lost: boolean;
}

/** The machine's databases. */
export const realDatabases: Databases = {
  openSqlite: (options) => lazily(async () => (await import("./sqlite.ts")).openSqlite(options)),
  openPostgres: (options) => lazily(async () => (await import("./postgres.ts")).openPostgres(options)),
  openMysql: (options) => lazily(async () => (await import("./mysql.ts")).openMysql(options)),
  openRedis: (options) => lazily(async () => (await import("./redis.ts")).openRedis(options)),
};

/** Opens with a driver that has to be imported first. */
function lazily<S>(start: () => Promise<Opening<S>>): Opening<S> {
  let cancelled = false;
  let opening: Opening<S> | undefined;
  return {
    opened: start().then((started) => {
      opening = started;
      if (cancelled) opening.cancel();
      return opening.opened;
    }),
    cancel() {
      cancelled = true;
      opening?.cancel();
    },
  };
}
