import assert from "node:assert/strict";
import { test } from "node:test";
import { readMysqlUrl } from "./mysql_url.ts";
import { readPostgresUrl } from "./postgres_url.ts";
import { readRedisUrl } from "./redis_url.ts";
import type { ServerContext } from "./server_url.ts";

const context: ServerContext = { directory: "/configs", tls: undefined, connectMs: 3_000 };
const tls = { mode: "verify-full", ca: "/ca.pem" } as const;

const read = { postgres: readPostgresUrl, mysql: readMysqlUrl, redis: readRedisUrl };

const cases: readonly (readonly [keyof typeof read, string, Partial<ServerContext>, object])[] = [
  ["postgres", "postgres://u:p%40%2F@h/db", {}, {
    host: "h",
    port: 5432,
    user: "u",
    password: "p@/",
    database: "db",
  }],
  ["postgres", "postgresql:///db?host=/run/pg&port=5433", {}, {
    host: "/run/pg",
    port: 5433,
    database: "db",
  }],
  ["postgres", "postgres://u:p@/db?host=/run/pg", {}, { host: "/run/pg", user: "u", password: "p" }],
  ["postgres", "postgres://u@%2Frun%2Fpg/db", {}, { host: "/run/pg", user: "u" }],
  ["postgres", "postgres://[::1]:1/db", {}, { host: "::1", port: 1 }],
  ["postgres", "postgres://h", {}, { user: null, password: null, database: null, tls: tlsOf("prefer") }],
  ["postgres", "postgres://h?sslmode=allow", {}, { tls: tlsOf("prefer") }],
  ["postgres", "postgres://h?sslmode=require", { tls }, { tls: tlsOf("require", "/ca.pem") }],
  ["postgres", "postgres://h?sslrootcert=ca.pem", {}, { tls: tlsOf("verify-full", "/configs/ca.pem") }],
  ["postgres", "postgres://h", { tls }, { tls: tlsOf("verify-full", "/ca.pem") }],
  ["mysql", "mysql://u@h/db", {}, { host: "h", port: 3306, user: "u", database: "db", tls: tlsOf("prefer") }],
  ["mysql", "mariadb://u@localhost/?socket=/run/my.sock", {}, { host: "/run/my.sock", database: null }],
  ["mysql", "mysql://h/db?ssl-mode=verify_ca&ssl-ca=ca.pem", {}, {
    tls: tlsOf("verify-ca", "/configs/ca.pem"),
  }],
  ["redis", "redis://h", {}, { host: "h", port: 6379, database: null, tls: tlsOf("disable") }],
  ["redis", "rediss://u:p@h:1/3", {}, {
    port: 1,
    user: "u",
    password: "p",
    database: "3",
    tls: tlsOf("verify-full"),
  }],
  ["redis", "redis://h", { tls }, { tls: tlsOf("verify-full", "/ca.pem") }],
  ["redis", "redis://:p@/run/redis.sock?db=2", {}, {
    host: "/run/redis.sock",
    user: null,
    password: "p",
    database: "2",
  }],
  ["redis", "unix:///run/redis.sock", {}, { host: "/run/redis.sock", database: null }],
];

test("a server's URL says where to connect, as whom, and how", () => {
  for (const [kind, url, known, expected] of cases) {
    const options = read[kind](url, { ...context, ...known }) as unknown as Record<string, unknown>;
    const shown = Object.fromEntries(Object.keys(expected).map((key) => [key, options[key]]));
    assert.deepEqual(shown, expected, url);
  }
});

const wrong: readonly (readonly [keyof typeof read, string, RegExp])[] = [
  ["postgres", "postgres://u:p@ss/hunter@h:x/db", /it cannot be read .* is %40/],
  ["postgres", "postgres://u:1?hunter@h/db", /it cannot be read/],
  ["postgres", "postgres://u:1#hunter@h/db", /it cannot be read/],
  ["postgres", "postgres://u:100%@h/db", /a % itself is written %25/],
  ["postgres", "postgres://h?port=70000", /port=70000 is no port/],
  ["postgres", "postgres://h?sslmode=on", /sslmode=on is not known; known are disable/],
  ["mysql", "mysql://h/db?charset=x", /its option "charset" is not known/],
  ["redis", "redis://h/x", /"x" is no database/],
  ["redis", "unix://", /the socket is missing|cannot be read/],
];

test("a server's URL that cannot be used is explained without its password", () => {
  for (const [kind, url, message] of wrong) {
    const options = read[kind](url, context);
    assert.ok("wrong" in options, url);
    assert.match(options.wrong, message);
    assert.doesNotMatch(options.wrong, /hunter|100/);
  }
});

function tlsOf(mode: string, ca: string | null = null) {
  return { mode, ca, cert: null, key: null, serverName: null };
}
