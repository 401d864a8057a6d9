import type { Redactor } from "../model/redactor.ts";

/** The last line of an output, for a message. */
export interface LastLine {
  write(chunk: Uint8Array): void;
  /** Masked, then cut; undefined when nothing but white space was written. */
  read(): string | undefined;
}

/** How much of a line a message shows, in characters. */
const shownLength = 300;

/** Keeps as much of the end of an output as its last line may need. Costs nothing while nothing is written. */
export function keepLastLine(redactor: Redactor): LastLine {
  const window = 4 * shownLength + redactor.margin;
  let kept = new Uint8Array();
  let cut = false;
  return {
    write(chunk) {
      const room = Math.max(0, window - chunk.length);
      cut ||= kept.length + chunk.length > window;
      const joined = new Uint8Array(Math.min(kept.length, room) + Math.min(chunk.length, window));
      joined.set(kept.subarray(Math.max(0, kept.length - room)));
      joined.set(chunk.subarray(Math.max(0, chunk.length - window)), Math.min(kept.length, room));
      kept = joined;
    },
    read() {
      if (kept.length === 0) return undefined;
      const lines = redactor.mask(new TextDecoder().decode(kept)).trimEnd().split(/\r?\n|\r/);
      const last = lines.at(-1)!.trim();
      // Of a line that is longer than what was kept the beginning is not known, and may be the end of a secret.
      const line = cut && lines.length === 1 ? `…${last.slice(redactor.margin)}` : last;
      return line.length > shownLength ? `${line.slice(0, shownLength)}…` : line || undefined;
    },
  };
}
