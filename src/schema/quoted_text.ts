/** A text as one would write it in YAML: in the quotes that need the fewest escapes. */
export function quotedText(text: string): string {
  if (!/["\\]/.test(text)) return `"${text}"`;
  return text.includes("'") ? JSON.stringify(text) : `'${text}'`;
}
