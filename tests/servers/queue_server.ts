import { type RawServer, startRawServer } from "./raw_http_server.ts";

/** A server that works on so many requests at a time; what it does with the others is its policy. */
export interface QueueServer extends RawServer {
  readonly url: string;
  /** When each request came, in milliseconds, and how it was answered. */
  readonly seen: { readonly at: number; readonly path: string; status: number }[];
}

export interface QueueServerOptions {
  /** How many at a time, as time passes since its first request: how long the program took to start is no part of it. */
  capacity(elapsedMs: number): number;
  /** One request takes so long, as time passes. */
  workMs(elapsedMs: number): number;
  /** `queue`: the others wait. `shed`: they get 503 at once. */
  readonly policy: "queue" | "shed";
}

/** Starts one on a free port of the loopback. */
export async function startQueueServer(options: QueueServerOptions): Promise<QueueServer> {
  let startedAt = NaN;
  const seen: QueueServer["seen"] = [];
  const waiting: (() => void)[] = [];
  let busy = 0;
  const elapsedMs = () => performance.now() - startedAt;
  const free = () => options.capacity(elapsedMs()) - busy;
  const work = (answer: () => void) => {
    busy++;
    setTimeout(() => {
      busy--;
      answer();
      while (waiting.length > 0 && free() > 0) waiting.shift()!();
    }, options.workMs(elapsedMs()));
  };
  const server = await startRawServer(({ path, socket }) => {
    if (Number.isNaN(startedAt)) startedAt = performance.now();
    const one = { at: elapsedMs(), path, status: 200 };
    seen.push(one);
    const answer = () =>
      void socket.write(
        `HTTP/1.1 ${one.status} Said So\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`,
      );
    if (free() > 0) work(answer);
    else if (options.policy === "queue") waiting.push(() => work(answer));
    else {
      one.status = 503;
      answer();
    }
  });
  return { ...server, url: `http://127.0.0.1:${server.port}`, seen };
}
