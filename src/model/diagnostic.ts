/** A problem of a config, with its place. */
export interface Diagnostic {
  /** As given on the command line. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  /** How many characters the caret underlines; 1 when unknown. */
  readonly length: number;
  readonly severity: "error" | "warning";
  /** What is wrong, the value at hand, what to do. */
  readonly message: string;
}

/** Where a value stands in a config: map keys and list positions from the root. */
export type ConfigPath = readonly (string | number)[];

/** Says that the value at `path` (or its key) is wrong. Offsets, when given, are within the scalar's own text. */
export type ReportProblem = (
  path: ConfigPath,
  message: string,
  where?: {
    readonly on?: "key" | "value";
    readonly offset?: number;
    readonly length?: number;
    readonly severity?: "error" | "warning";
  },
) => void;
