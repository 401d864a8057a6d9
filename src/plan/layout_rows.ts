/** A setting: its name, its value and where that came from. */
export interface Row {
  readonly label: string;
  readonly value: string;
  readonly why: string;
}

/** How text is set. */
export interface TableStyle {
  /** Columns; lines are broken where words end. */
  readonly width: number;
  bold(text: string): string;
  dim(text: string): string;
}

/** Columns that the blocks around a table indent it by, at most. */
const indent = 4;
/** A value longer than this does not push the other rows' reasons to the right. */
const widestValue = 26;

/** Rows in three columns. A reason that does not fit goes on below itself; a long value has its reason below it. */
export function layOut(rows: readonly Row[], style: TableStyle): string[] {
  const labelWidth = Math.max(0, ...rows.map((row) => row.label.length)) + 2;
  const short = rows.filter((row) => row.value.length <= widestValue);
  const valueWidth = Math.max(0, ...short.map((row) => row.value.length)) + 2;
  const room = Math.max(20, style.width - indent - labelWidth - valueWidth);
  return rows.flatMap((row) => {
    const reasons = breakWords(row.why, room).map((line) => style.dim(line));
    const gap = " ".repeat(labelWidth + valueWidth);
    const label = row.label.padEnd(labelWidth);
    if (row.value.length > widestValue) {
      const [first = "", ...others] = breakWords(row.value, style.width - indent - labelWidth);
      const values = [label + first, ...others.map((line) => " ".repeat(labelWidth) + line)];
      return [...values, ...reasons.map((line) => gap + line)];
    }
    const [first = "", ...others] = reasons;
    return [(label + row.value.padEnd(valueWidth) + first).trimEnd(), ...others.map((line) => gap + line)];
  });
}

/** Breaks at spaces; a longer word stands on a line of its own, whole. */
function breakWords(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text === "" ? [] : text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}
