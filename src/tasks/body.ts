/** Where a result's bytes go as they arrive: counted, hashed, captured for the report, kept for expressions, saved. */
export interface Body {
  /**
   * Takes a chunk (copied where it is kept).
   * Gives false when it would go over `maxBytes`: the caller stops and fails with `too_large`.
   */
  write(chunk: Uint8Array): boolean;
  /** So far. */
  readonly bytes: number;
  /** After the last chunk. Gives the same again when called again. */
  finish(): FinishedBody;
  /** Drops everything, a half-written file too. May be called at any time, more than once. */
  discard(): void;
}

/** @see Body.finish */
export interface FinishedBody {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** The whole content, where the task's expressions read it; undefined otherwise. */
  readonly content: Uint8Array | undefined;
  /** What the report keeps: `{ [name]: text }`, or `{ [nameBase64]: … }` for bytes that are not UTF-8; masked, then cut. */
  captured(
    name: string,
  ): { readonly fields: { readonly [key: string]: string }; readonly truncated: boolean };
}
