/** What a service is asked. */
export interface Request {
  readonly method: string;
  readonly url: URL;
  readonly headers: { readonly [name: string]: string | undefined };
  readonly body: string;
}

/** What it answers: JSON or text, after a while. */
export interface Reply {
  /** 200 by default. */
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  readonly json?: unknown;
  readonly text?: string;
  readonly delayMs?: number;
}

/** One route: its answer, or undefined when the request is not for it. */
export type Handler = (request: Request) => Reply | undefined | Promise<Reply | undefined>;

/**
 * A route by method and path; `:name` stands for one segment.
 *
 * @example route("GET", "/users/:id", ({ id }) => ({ json: { id } }))
 */
export function route(
  method: string,
  path: string,
  reply: (values: { readonly [name: string]: string }, request: Request) => Reply,
): Handler {
  const pattern = new RegExp(`^${path.replace(/:(\w+)/g, "(?<$1>[^/]+)")}$`);
  return (request) => {
    const match = request.method === method ? pattern.exec(request.url.pathname) : null;
    return match === null ? undefined : reply({ ...match.groups }, request);
  };
}

/** The first route that takes it; 404 without one. */
export async function tryRoutes(routes: readonly Handler[], request: Request): Promise<Reply> {
  for (const handle of routes) {
    const reply = await handle(request);
    if (reply !== undefined) return reply;
  }
  return { status: 404, json: { error: `no ${request.method} ${request.url.pathname} here` } };
}

/** Counts calls by name: 1 for the first. */
export function counter(): (name: string) => number {
  const counts = new Map<string, number>();
  return (name) => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count;
  };
}

/** A number in [0, 1) that is always the same for a text (FNV-1a): delays that vary and yet repeat. */
export function steady(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash / 2 ** 32;
}
