import type { HttpFailure, HttpHandler, HttpPort, HttpRequest } from "../../src/runtime/http_port.ts";

/** What becomes of one request. */
export interface Scripted {
  readonly status?: number;
  readonly headers?: readonly string[];
  readonly address?: string | null;
  readonly chunks?: readonly Uint8Array[];
  /** Comes in place of the rest of the answer. */
  readonly failure?: HttpFailure;
  /** Nothing comes at all. */
  readonly hangs?: true;
}

/** A network that says what its script says, and remembers what it was asked. */
export interface ScriptedNetwork extends HttpPort {
  readonly requests: HttpRequest[];
  /** Exchanges that were cancelled before their end. */
  cancelled: number;
}

/** Answers requests in their order, and checks each connection's address with the route as a real one does. */
export function scriptedNetwork(script: readonly Scripted[]): ScriptedNetwork {
  const network: ScriptedNetwork = {
    requests: [],
    cancelled: 0,
    open: async () => ({
      closeIdle() {},
      close() {},
      send(request: HttpRequest, handler: HttpHandler) {
        const { status = 200, headers = [], address = "93.184.215.14", chunks = [], failure, hangs } =
          script[network.requests.length]!;
        network.requests.push(request);
        const exchange = { sent: true, isOver: false, cancel, pause() {}, resume() {} };
        const steps: (() => void)[] = [() => handler.head({ status, headers, address })];
        for (const chunk of chunks) steps.push(() => handler.data(chunk));
        if (failure) {
          steps.splice(
            status === 0 ? 0 : steps.length,
            steps.length,
            () => finish(() => handler.fail(failure)),
          );
        } else steps.push(() => finish(() => handler.end()));
        const refused = address === null ? null : request.route.refuses(address);
        if (refused !== null) {
          exchange.sent = false;
          const message = refused;
          const blocked = { reason: "blocked_address", code: "BLOCKED", message, sent: false } as const;
          steps.splice(0, steps.length, () => finish(() => handler.fail(blocked)));
        }
        if (!hangs) queueMicrotask(run);
        return exchange;

        function run(): void {
          for (const step of steps) if (!exchange.isOver) step();
        }

        function finish(tell: () => void): void {
          exchange.isOver = true;
          tell();
        }

        function cancel(): void {
          if (!exchange.isOver) network.cancelled++;
          exchange.isOver = true;
        }
      },
    }),
  };
  return network;
}
