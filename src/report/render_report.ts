import type { ReportFormat } from "../model/report_format.ts";
import { type ReportPorts, type WriteBytes, writeDestination } from "./destination.ts";
import type { RenderSource } from "./render_source.ts";

/** How text for a terminal is to look; the other formats look one way. */
export interface TextLook {
  readonly color: boolean;
  /** Columns of the terminal; null for a file or a pipe, where lines may be long. */
  readonly width: number | null;
}

/**
 * The report in this format, piece by piece: any number of results takes the memory of one. What a format has no room
 * for (a page of a million rows) it leaves out and says so.
 *
 * The pieces throw an Error when a result cannot be read.
 */
export async function renderReport(
  source: RenderSource,
  format: ReportFormat,
  look: TextLook,
): Promise<Iterable<string>> {
  switch (format) {
    case "text":
      return (await import("./render_text.ts")).renderText(source, look);
    case "json":
      return (await import("./render_json.ts")).renderJson(source);
    case "html":
      return (await import("./render_html.ts")).renderHtml(source);
    case "junit":
      return (await import("./render_junit.ts")).renderJunit(source);
    case "prometheus":
      return (await import("./render_prometheus.ts")).renderPrometheus(source.head);
    case "markdown":
      return (await import("./render_markdown.ts")).renderMarkdown(source);
    case "csv":
      return (await import("./render_csv.ts")).renderCsv(source);
    default: {
      const never: never = format;
      throw new Error(`no such format: ${never}`);
    }
  }
}

/**
 * Writes the report in this format to an absolute path, whole or not at all. JUnit and Prometheus files keep the mode
 * they had, or get 0644, since other programs read them; all others are private.
 *
 * @throws ReportError
 */
export async function writeRendered(
  source: RenderSource,
  format: ReportFormat,
  path: string,
  ports: ReportPorts,
): Promise<void> {
  const access = format === "junit" || format === "prometheus" ? "shared" : "private";
  const pieces = await renderReport(source, format, { color: false, width: null });
  await writeDestination(path, access, ports, (write) => writePieces(pieces, write));
}

const flushLength = 256 * 1024;

/** Writes text piece by piece, gathered into large writes. */
export async function writePieces(pieces: Iterable<string>, write: WriteBytes): Promise<void> {
  const encoder = new TextEncoder();
  let waiting = "";
  for (const piece of pieces) {
    waiting += piece;
    if (waiting.length < flushLength) continue;
    await flush();
  }
  await flush();

  async function flush(): Promise<void> {
    const bytes = encoder.encode(waiting);
    waiting = "";
    await write(bytes, bytes.length);
  }
}
