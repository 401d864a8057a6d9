import { printable } from "../model/written.ts";

/** A table of cells that are Markdown already; nothing for no rows. */
export function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const lines = [headings, headings.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`);
  return `${lines.join("")}\n`;
}

/** Text from data that stays text: no markup, no HTML, no link, no line end. */
export function plainMarkdown(text: string): string {
  return printable(text.toWellFormed()).replace(
    /[\\`*_{}[\]()<>#+!|~&@:-]/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}
