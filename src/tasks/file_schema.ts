import { choice, required, settings, size, text } from "../schema/words.ts";
import type { Kind } from "./kind.ts";

const maxBytes = size({ description: "A larger file fails the attempt with `too_large`.", default: "50MB" });

const schema = settings({
  path: required(text({
    description: "The file, relative to the config.",
    examples: ["${{ item }}"],
  })),
  format: choice(["text", "json", "yaml", "csv", "lines", "bytes"], {
    description: "How its content is read; without it, by the ending of its name.",
    default: "text",
  }),
  maxBytes,
}, { description: "Reads a file.", examples: [{ path: "${{ item }}" }] });

/** File reads, as far as they are known before anything runs. */
export const fileKind: Kind = {
  name: "file",
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
  defaultPool: () => ({ name: "file", concurrency: 8, why: "default for files: 8", per: null }),
  isHarmless: () => true,
  load: () => Promise.reject(new Error("file tasks cannot be run yet")),
};
