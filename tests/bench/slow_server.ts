/** Answers every request 100 ms after its last byte. Plain TCP, so that the server costs next to nothing. */
import { createServer } from "node:net";

const answer = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok";

createServer((socket) => {
  socket.setNoDelay(true);
  socket.on("error", () => {});
  let pending = "";
  socket.on("data", (chunk) => {
    pending += chunk.toString("latin1");
    for (let end = pending.indexOf("\r\n\r\n"); end >= 0; end = pending.indexOf("\r\n\r\n")) {
      pending = pending.slice(end + 4);
      setTimeout(() => socket.write(answer), 100);
    }
  });
}).listen(Number(Deno.args[0]), "127.0.0.1");
