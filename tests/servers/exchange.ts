import type {
  BodyPart,
  HttpClient,
  HttpFailure,
  HttpHead,
  HttpOptions,
  HttpProxy,
  HttpRoute,
} from "../../src/runtime/http_port.ts";
import { joined, latin1 } from "./raw_http_server.ts";

/** What an exchange brought. */
export interface Exchanged {
  readonly head: HttpHead | undefined;
  /** Latin-1. */
  readonly body: string;
  readonly failure: HttpFailure | undefined;
}

/** A client's options with limits that a test never meets. */
export const patientOptions: HttpOptions = {
  directory: "/",
  tls: { ca: null, cert: null, key: null, insecure: false, serverName: null },
  connectMs: 5_000,
  firstByteMs: 5_000,
  idleMs: 5_000,
  maxHeaderBytes: 65_536,
};

/** The route to an origin. */
export function routeTo(
  url: string,
  more: { readonly proxy?: HttpProxy; readonly refuses?: HttpRoute["refuses"] } = {},
): HttpRoute {
  const { protocol, hostname, port, host } = new URL(url);
  const secure = protocol === "https:";
  return {
    key: `${protocol}${host}`,
    secure,
    host: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port || (secure ? 443 : 80)),
    proxy: more.proxy ?? null,
    refuses: more.refuses ?? (() => null),
  };
}

/** One exchange, whole. `cancelOn` cancels it at that event and settles a moment later. */
export function exchange(
  client: HttpClient,
  url: string,
  given: {
    readonly method?: string;
    readonly headers?: readonly string[];
    readonly body?: readonly BodyPart[];
    readonly repeatable?: boolean;
    readonly route?: HttpRoute;
  } = {},
): Promise<Exchanged> {
  const { host, pathname, search } = new URL(url);
  const { method = "GET", headers = [], body = null, repeatable = method === "GET", route = routeTo(url) } =
    given;
  return new Promise((resolve) => {
    let head: HttpHead | undefined;
    const chunks: Uint8Array[] = [];
    const settle = (failure?: HttpFailure) => resolve({ head, body: latin1(joined(chunks)), failure });
    client.send(
      {
        route,
        method,
        path: pathname + search,
        headers: headerLines(["host", host, ...headers]),
        body,
        repeatable,
      },
      {
        head: (found) => void (head = found),
        data: (chunk) => void chunks.push(chunk.slice()),
        end: () => settle(),
        fail: settle,
      },
    );
  });
}

function headerLines(headers: readonly string[]): string {
  return headers.map((name, i) => i % 2 === 0 ? `${name}: ${headers[i + 1]}\r\n` : "").join("");
}
