import { choice, required, settings, size, text } from "../schema/words.ts";
import type { Kind } from "./kind.ts";

/** Largest file, unless `maxBytes` says otherwise. */
export const defaultMaxBytes = 50_000_000;

/** The section under a task, as a performer gets it: numbers are evaluated, texts are templates. */
export interface FileSpec {
  readonly path: string;
  readonly format?: "text" | "json" | "yaml" | "csv" | "lines" | "bytes" | null;
  /** Bytes. */
  readonly maxBytes?: number | null;
}

const maxBytes = size({ description: "A larger file fails the attempt with `too_large`.", default: "50MB" });

const schema = settings({
  path: required(text({
    description: "The file, relative to the config.",
    examples: ["${{ item }}"],
  })),
  format: choice(["text", "json", "yaml", "csv", "lines", "bytes"], {
    description:
      "What the file must hold; anything else fails with `decode`. `json` and `yaml` give `json`, " +
      "`csv` (with a header) and `lines` give `rows`; `bytes` keeps nothing of the content in the report. " +
      "Without it nothing is checked, and `json` and `rows` are read by the ending of its name when an expression asks.",
  }),
  maxBytes,
}, { description: "Reads a file.", examples: [{ path: "${{ item }}" }] });

/** File reads, as far as they are known before anything runs. */
export const fileKind: Kind = {
  name: "file",
  limits: { maxBytes: 50_000_000 },
  schema,
  targetSchema: settings({ maxBytes }, "A disk."),
  resultFields: {
    text: "string",
    json: "dyn",
    rows: "list",
    bytes: "int",
    sha256: "string",
    modifiedAt: "timestamp",
  },
  textFields: ["text", "json", "rows"],
  check: () => {},
  describe: (spec) => `reads ${spec.path}`,
  defaultPool: () => ({ name: "file", concurrency: 8, why: "default for files: 8", per: null }),
  isHarmless: () => true,
  load: async () => (await import("./file.ts")).openFileTask,
};
