/** Runs the examples' server until it is stopped: `deno run -A examples/server/main.ts [PORT]`. */
import process from "node:process";
import { startServer } from "./server.ts";

const port = Number(process.argv[2] ?? 8080);
const server = await startServer(port);
console.log(`the examples' server listens on ${server.url} (Ctrl-C stops it)`);
