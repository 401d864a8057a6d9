import type { CelNode } from "./cel_node.ts";

/** An error of the library's parser or type checker. */
export interface CelError extends Error {
  readonly code: string;
  /** The message without the source line. */
  readonly summary: string;
  readonly node?: CelNode;
  readonly range?: { readonly start: number; readonly end: number };
}

/** True for an error of the library, of whichever class. */
export function isCelError(error: unknown): error is CelError {
  return error instanceof Error && "summary" in error && "code" in error;
}

/** The library's types as one writes them. */
export function readable(text: string): string {
  return text.replace(
    /google\.protobuf\.(\w)(\w+)/g,
    (_, first: string, rest: string) => first.toLowerCase() + rest,
  )
    .replaceAll("list<dyn>", "list").replaceAll("map<dyn, dyn>", "map");
}
