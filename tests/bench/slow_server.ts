/**
 * Answers every request 100 ms after its last byte, a fraction of a millisecond more when it is busy. Runs on Bun, whose
 * sockets accept a hundred connections at once in a few milliseconds, and looks at the clock without a pause when an answer
 * is due within two: a timer alone would be late by one.
 */
interface Socket {
  write(text: string): void;
}

interface Bun {
  listen(options: {
    readonly hostname: string;
    readonly port: number;
    readonly socket: { data(socket: Socket, chunk: Uint8Array): void; error(): void };
  }): void;
}

const { Bun } = globalThis as unknown as { readonly Bun: Bun };
const delayMs = 100;
const closeMs = 2;
const endOfRequest = "\r\n\r\n";
const answer = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok";

/** In the order they are due. */
const waiting: { readonly at: number; readonly socket: Socket }[] = [];
let isLooking = false;

Bun.listen({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  socket: {
    data(socket, chunk) {
      // A client asks once at a time, and its request arrives in one piece.
      if (new TextDecoder().decode(chunk).endsWith(endOfRequest)) {
        waiting.push({ at: performance.now() + delayMs, socket });
      }
      lookAgain();
    },
    error() {},
  },
});

function lookAgain(): void {
  if (isLooking || waiting.length === 0) return;
  isLooking = true;
  const leftMs = waiting[0]!.at - performance.now();
  if (leftMs > closeMs) setTimeout(look, Math.floor(leftMs - closeMs));
  else setImmediate(look);
}

function look(): void {
  isLooking = false;
  const now = performance.now();
  let due = 0;
  while (due < waiting.length && waiting[due]!.at <= now) waiting[due++]!.socket.write(answer);
  waiting.splice(0, due);
  lookAgain();
}
