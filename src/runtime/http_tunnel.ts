import type { HttpRoute } from "./http_port.ts";
import { codeOf, type Connection, DialError, discard, type Stage } from "./http_stage.ts";

/** More than any proxy has to say before the tunnel stands. */
const maxAnswerBytes = 16_384;

/** Asks the route's proxy, at the other end of the connection, for one to the route's host. */
export function openTunnel(
  connection: Connection,
  { host, port, proxy }: HttpRoute,
  done: (result: Connection | DialError) => void,
): Stage {
  const { socket } = connection;
  const place = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  let answer = "";
  socket.on("data", read);
  socket.once("error", broken);
  socket.once("close", closed);
  const authorization = proxy!.authorization === null
    ? ""
    : `proxy-authorization: ${proxy!.authorization}\r\n`;
  socket.write(`CONNECT ${place} HTTP/1.1\r\nhost: ${place}\r\n${authorization}\r\n`);
  return { cancel };

  function read(chunk: Uint8Array): void {
    answer += String.fromCharCode(...chunk.subarray(0, maxAnswerBytes));
    const end = answer.indexOf("\r\n\r\n");
    if (end < 0 && answer.length < maxAnswerBytes) return;
    const wrong = whatIsWrong(answer, end);
    if (wrong !== undefined) return fail(wrong.code, wrong.words);
    stopListening();
    done(connection);
  }

  function broken(error: Error): void {
    fail(codeOf(error), `it closed the connection (${codeOf(error)})`);
  }

  function closed(): void {
    fail("ECONNRESET", "it closed the connection");
  }

  function fail(code: string, words: string): void {
    cancel();
    done(
      new DialError(
        "proxy",
        code,
        `Proxy ${proxy!.host}:${proxy!.port} did not connect to ${place}: ${words}`,
      ),
    );
  }

  function cancel(): void {
    stopListening();
    discard(socket);
  }

  function stopListening(): void {
    socket.off("data", read);
    socket.off("error", broken);
    socket.off("close", closed);
  }
}

function whatIsWrong(
  answer: string,
  end: number,
): { readonly code: string; readonly words: string } | undefined {
  const [, status = "", words = ""] = /^HTTP\/1\.[01] (\d{3})(?: ([^\r\n]{0,100}))?/.exec(answer) ?? [];
  if (status === "") return { code: "PROTOCOL", words: "its answer is no HTTP" };
  if (end < 0) return { code: "PROTOCOL", words: "its answer does not end" };
  if (status[0] !== "2") return { code: `HTTP_${status}`, words: `it answered ${status} ${words}`.trimEnd() };
  // The other side of the tunnel speaks second in TLS: what is here already came from the proxy itself.
  if (answer.length > end + 4) return { code: "PROTOCOL", words: "it sent data before the request" };
  return undefined;
}
