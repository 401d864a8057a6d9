import type { Diagnostic } from "../model/diagnostic.ts";
import { printable } from "../model/written.ts";

/** Longer lines are cut around the caret. */
const maxWidth = 110;

/**
 * A problem as it is printed: `file:line:column: message`, the source line, and a caret under the place.
 * Control characters are shown as escapes, tabs as one space.
 */
export function showDiagnostic(diagnostic: Diagnostic, text: string): string {
  const { file, line, column, length, severity, message } = diagnostic;
  const kind = severity === "warning" ? "warning: " : "";
  const head = `${printable(file)}:${line}:${column}: ${kind}${printable(message)}`;
  const characters = [...(text.split("\n", line)[line - 1] ?? "").replace(/\r$/, "")];
  if (characters.length === 0) return head;
  const { from, to } = windowAround(characters.length, column - 1);
  const shown = characters.slice(from, to);
  const before = (from > 0 ? "…" : "") + drawn(shown.slice(0, column - 1 - from));
  const marked = drawn(shown.slice(column - 1 - from, column - 1 - from + length));
  const after = drawn(shown.slice(column - 1 - from + length)) + (to < characters.length ? "…" : "");
  const carets = "^".repeat(Math.max(1, widthOf(marked)));
  return `${head}\n  ${before}${marked}${after}\n  ${" ".repeat(widthOf(before))}${carets}`;
}

function windowAround(count: number, place: number): { readonly from: number; readonly to: number } {
  if (count <= maxWidth) return { from: 0, to: count };
  const from = Math.max(0, Math.min(place - Math.floor(maxWidth / 3), count - maxWidth));
  return { from, to: from + maxWidth };
}

function drawn(characters: readonly string[]): string {
  return printable(characters.join("").replaceAll("\t", " "));
}

/** Columns on a terminal: East Asian and emoji characters take two, combining marks none. */
function widthOf(text: string): number {
  const plain = text.replace(/\p{Mark}|\u200d/gu, "");
  const wide = plain.match(
    /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}|[\uff01-\uff60]/gu,
  );
  return [...plain].length + (wide?.length ?? 0);
}
