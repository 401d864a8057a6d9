import { quotedText } from "../schema/quoted_text.ts";

/** The line around an offset, without its line end, and where it begins. */
export function lineAt(text: string, offset: number): { readonly line: string; readonly offset: number } {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const end = text.indexOf("\n", start);
  return { line: text.slice(start, end < 0 ? undefined : end).replace(/\r$/, ""), offset: start };
}

/**
 * The `key: value` at an offset as it should be if a text was meant: `url: "${{ id }}"`. A list element comes without key.
 * `{{ x }}` becomes `${{ x }}`, since that is what is meant. Undefined when no value stands there.
 */
export function quotedAt(text: string, at: number): string | undefined {
  const { line, offset } = lineAt(text, at);
  const found = lastKey(line, at - offset);
  if (found === undefined) return undefined;
  const rest = line.slice(found.end);
  const value = found.isInFlow ? untilClosed(rest) : rest.replace(/\s#.*$/, "").trimEnd();
  if (value === "") return undefined;
  return found.key + quotedText(value.replace(/^\{\{(.*\}\})$/, "${{$1"));
}

/** A line with each bare `${{ }}`, and the text that hangs on it, in quotes. */
export function quotedTemplates(line: string): string {
  return line.trim().replace(
    /[^\s"',[\]{}]*\$\{\{.*?\}\}[^\s"',[\]{}]*/g,
    (found, offset: number, whole: string) =>
      /["']/.test(whole[offset - 1] ?? "") ? found : quotedText(found),
  );
}

/** The last `key: `, `- ` or opening bracket that ends before a column. */
function lastKey(line: string, column: number) {
  const keys = line.matchAll(/(^\s*(?:-\s+)*|[{[,]\s*)((?:[A-Za-z_$][\w.$/-]*:\s+)?)/g);
  return [...keys]
    .flatMap((match) => {
      const [, before, key] = match as unknown as [string, string, string];
      const end = match.index + before.length;
      const isInFlow = /[{[,]/.test(before);
      // What looks like a key may be the value itself: `- status: 200`.
      const alone = { key: "", end, isInFlow };
      return key.trim() === ""
        ? [alone]
        : [alone, { ...alone, key: `${key.trim()} `, end: end + key.length }];
    })
    .findLast(({ end }) => end <= column);
}

/** The beginning of a text, up to the comma or bracket that ends a value inside `{ }` or `[ ]`. */
function untilClosed(text: string): string {
  let depth = 0;
  for (const [index, character] of [...text].entries()) {
    if ("{[(".includes(character)) depth++;
    if (depth === 0 && ",}]".includes(character)) return text.slice(0, index).trimEnd();
    if ("}])".includes(character)) depth--;
  }
  return text.trimEnd();
}
