import type { Databases, Opening, ServerOptions, SqlSession } from "../runtime/databases.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import { readMysqlUrl } from "./mysql_url.ts";
import { readPostgresUrl } from "./postgres_url.ts";
import type { ServerContext, Wrong } from "./server_url.ts";
import type { SqlDialect } from "./sql_text.ts";

/** What a database URL means. */
export interface SqlPlace {
  readonly dialect: SqlDialect;
  /** The same text for the same connection: it may hold a password, and is never shown. */
  readonly key: string;
  /** For messages. */
  readonly shown: string;
  open(databases: Databases): Opening<SqlSession>;
}

/** The grammar of a URL's server; undefined when the beginning of the text does not tell. */
export function dialectOf(url: string): SqlDialect | undefined {
  const scheme = /^([a-z]+):/i.exec(url)?.[1]?.toLowerCase();
  switch (scheme) {
    case "sqlite":
      return "sqlite";
    case "postgres":
    case "postgresql":
      return "postgres";
    case "mysql":
    case "mariadb":
      return "mysql";
  }
}

/** Reads a database URL. */
export function readSqlUrl(url: string, context: ServerContext): SqlPlace | Wrong {
  switch (dialectOf(url)) {
    case "sqlite":
      return readSqliteUrl(url.slice("sqlite:".length), context.directory);
    case "postgres": {
      const options = readPostgresUrl(url, context);
      return "wrong" in options
        ? options
        : serverPlace("postgres", options, (databases) => databases.openPostgres(options));
    }
    case "mysql": {
      const options = readMysqlUrl(url, context);
      return "wrong" in options
        ? options
        : serverPlace("mysql", options, (databases) => databases.openMysql(options));
    }
  }
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(url)?.[0];
  return {
    wrong: `${scheme === undefined ? "it has no scheme" : `${scheme} is not known`}; write ` +
      "postgres://host/name, mysql://host/name or sqlite:data.db",
  };
}

function serverPlace(dialect: SqlDialect, options: ServerOptions, open: SqlPlace["open"]): SqlPlace {
  const { host, port, database } = options;
  const shown = `${dialect}://${host.includes(":") ? `[${host}]` : host}:${port}/${database ?? ""}`;
  return { dialect, key: JSON.stringify({ dialect, ...options }), shown, open };
}

/** How long a statement waits for another one to let go of the file, before the attempt fails and may be repeated. */
const busyMs = 5_000;

/** `sqlite:data.db`, `sqlite:///var/data.db`, `sqlite:data.db?mode=rw`, `sqlite::memory:`. */
function readSqliteUrl(rest: string, directory: string): SqlPlace | Wrong {
  const [, place = "", options] = /^(.*?)(?:\?([^?]*))?$/s.exec(rest)!;
  if (/^\/\/[^/]/.test(place)) {
    return {
      wrong: `SQLite has no host: write sqlite:${place.slice(2)}, or sqlite:///${
        place.slice(2)
      } for an absolute path`,
    };
  }
  if (place === "") return { wrong: "the path is missing: write sqlite:data.db" };
  if (options !== undefined && !/^mode=rwc?$/.test(options)) {
    return {
      wrong:
        `"?${options}" is no option: ?mode=rw makes no file that is missing, and readOnly: true only reads`,
    };
  }
  const path = place === ":memory:" ? place : resolvePath(directory, place.replace(/^\/\/\//, "/"));
  // A missing file is made, as every other SQLite client does.
  const create = options !== "mode=rw";
  return {
    dialect: "sqlite",
    key: `sqlite:${create}:${path}`,
    shown: place,
    open: (databases) => databases.openSqlite({ path, create, busyMs }),
  };
}
