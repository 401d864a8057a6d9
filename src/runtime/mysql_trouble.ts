import { socketTrouble } from "./database_trouble.ts";
import type { Trouble } from "./databases.ts";
import type { MyError } from "./mysql_driver.ts";

/** The server's farewells: what it was doing may have been done. */
const farewells: ReadonlySet<number> = new Set([1053, 1927]);

/** What the driver says is wrong: by the number of the server's error, or of the socket. */
export function driverTrouble(error: MyError, lost: boolean): Trouble {
  const { errno, sqlMessage, code, message } = error;
  if (sqlMessage !== undefined && errno !== undefined) {
    return { kind: "trouble", code: String(errno), message: sqlMessage, lost: lost && farewells.has(errno) };
  }
  if (code === "PROTOCOL_CONNECTION_LOST") return socketTrouble({ code: "ECONNRESET" }, lost);
  if (code?.startsWith("PROTOCOL_")) return { kind: "trouble", code: "PROTOCOL", message, lost };
  // A value that the driver cannot write: nothing was sent.
  if (code === undefined) return { kind: "trouble", code: "UNSUPPORTED", message, lost: false };
  return socketTrouble(error, lost);
}
