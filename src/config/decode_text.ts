/** Larger files are refused unread. */
const maxBytes = 10_000_000;

/** A problem at a place of the text. */
export interface TextProblem {
  readonly offset: number;
  readonly length: number;
  readonly message: string;
}

/** Decodes a file; a byte order mark is dropped. A file that is no text is one problem. */
export function decodeText(
  source: string | Uint8Array,
): { readonly text: string; readonly problem?: TextProblem } {
  if (source.length > maxBytes) {
    const size = Math.ceil(source.length / 1_000_000);
    return { text: "", problem: problemAt(0, `the file has ${size} MB; at most 10 MB are read`) };
  }
  const text = (typeof source === "string" ? source : new TextDecoder().decode(source)).replace(
    /^\ufeff/,
    "",
  );
  const broken = typeof source === "string" ? -1 : brokenAt(text, source);
  if (broken >= 0) {
    const isUtf16 = source[0] === 0xff || source[0] === 0xfe || text.includes("\0");
    const what = isUtf16 ? "the file is not UTF-8 but looks like UTF-16" : "this is not UTF-8";
    return { text, problem: problemAt(broken, `${what}: save the file as UTF-8`) };
  }
  // deno-lint-ignore no-control-regex
  const control = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.exec(text);
  if (!control) return { text };
  const code = control[0].charCodeAt(0).toString(16).padStart(2, "0");
  return {
    text,
    problem: problemAt(control.index, `there is a control character here (0x${code}): delete it`),
  };
}

/** Where the first bytes stand that are no UTF-8; -1 when all are. */
function brokenAt(text: string, source: Uint8Array): number {
  const first = text.indexOf("\ufffd");
  if (first < 0) return -1;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(source);
    return -1;
  } catch {
    return first;
  }
}

function problemAt(offset: number, message: string): TextProblem {
  return { offset, length: 1, message };
}
