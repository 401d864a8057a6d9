/** Answers every request 100 ms after its last byte, a little more when it is busy. Plain TCP, so that the server costs next to nothing. */
import { createServer } from "node:net";

/** Timers here fire a good millisecond late: with this an answer takes 100.6 ms, as wrk sees it. */
const timerMs = 99;
const answer = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok";

createServer((socket) => {
  socket.setNoDelay(true);
  socket.on("error", () => {});
  let pending = "";
  socket.on("data", (chunk) => {
    pending += chunk.toString("latin1");
    for (let end = pending.indexOf("\r\n\r\n"); end >= 0; end = pending.indexOf("\r\n\r\n")) {
      pending = pending.slice(end + 4);
      setTimeout(() => socket.write(answer), timerMs);
    }
  });
}).listen(Number(Deno.args[0]), "127.0.0.1");
