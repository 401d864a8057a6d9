import type { Value } from "../model/json.ts";

/** How much of an error page a message shows, in characters. */
const shownLength = 200;

/**
 * What an error page says, on one line: a web page's title, else its beginning. Undefined when it says nothing, is no
 * text, or nothing of it was kept. `body` is what the report shows of it, and so is masked already.
 */
export function errorText(body: Value | undefined, contentType: string | undefined): string | undefined {
  if (typeof body !== "string") return undefined;
  const isPage = /^\s*(text\/html|application\/xhtml\+xml)\b/i.test(contentType ?? "");
  const said = isPage ? /<title[^>]*>([^<]*)/i.exec(body.slice(0, 4_096))?.[1] : body;
  const line = said?.slice(0, 4_096).replace(/\s+/g, " ").trim();
  if (line === undefined || line === "") return undefined;
  return line.length > shownLength ? `${line.slice(0, shownLength)}…` : line;
}
