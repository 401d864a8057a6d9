import { type CsvError, type Options, Parser } from "csv-parse";
import { end, Fault, type ItemSource, type Pulled } from "./items.ts";
import { maxLineBytes, TextFault, type TextPieces } from "./text_pieces.ts";

/**
 * The records of an RFC 4180 text with a header, as maps of text by column name. Empty lines are dropped; a text without
 * any record has no items. A record that has more or fewer fields than the header ends the source with its line.
 */
export function csvItems(pieces: TextPieces, name: string, delimiter: string): CsvItems {
  return new CsvItems(pieces, name, delimiter);
}

/** @see csvItems */
export class CsvItems implements ItemSource {
  readonly #pieces: TextPieces;
  readonly #name: string;
  readonly #parser: RecordParser;
  #columns: readonly string[] | null = null;
  #position = 0;
  /** In the pieces that were parsed. */
  #lines = 0;
  /** What ends the source once the records at hand are taken. */
  #last: Fault | typeof end | null = null;

  constructor(pieces: TextPieces, name: string, delimiter: string) {
    this.#pieces = pieces;
    this.#name = name;
    this.#parser = new RecordParser({
      delimiter,
      record_delimiter: ["\r\n", "\n"],
      skip_empty_lines: true,
      max_record_size: maxLineBytes,
    });
  }

  next(): Pulled | Promise<Pulled> {
    return this.#position < this.#parser.records.length ? this.#take() : this.#takeFromNextPiece();
  }

  close(): void {
    this.#pieces.close();
    this.#last = end;
    this.#parser.records = [];
  }

  /** Reads no further than the header. Gives null when it is fine (or the text is empty), else what is wrong. */
  async checkHeader(): Promise<string | null> {
    while (this.#columns === null && this.#last === null) await this.#readPiece();
    const fault = this.#columns === null ? this.#last : this.#headerFault(this.#columns);
    return fault instanceof Fault ? fault.message : null;
  }

  #take(): Pulled {
    const record = this.#parser.records[this.#position++]!;
    const columns = this.#columns!;
    const row: { [column: string]: string } = {};
    for (let i = 0; i < columns.length; i++) row[columns[i]!] = record[i]!;
    return row;
  }

  async #takeFromNextPiece(): Promise<Pulled> {
    while (this.#last === null) {
      await this.#readPiece();
      if (this.#position < this.#parser.records.length) return this.#take();
    }
    return this.#last;
  }

  async #readPiece(): Promise<void> {
    this.#parser.records = [];
    this.#position = 0;
    const piece = await this.#pieces.read();
    // The parser keeps the last record until it knows how it ends: a fault must not take it away.
    const error = await this.#parser.feed(typeof piece === "string" ? piece : null);
    this.#takeHeader();
    if (piece instanceof TextFault) this.#last ??= new Fault(piece.describe(this.#name, this.#lines + 1));
    else if (error !== null) this.#last ??= new Fault(`${this.#name}:${describe(error, this.#columns)}`);
    else if (piece === null) this.#last ??= end;
    else this.#lines += lineCount(piece);
  }

  #takeHeader(): void {
    const header = this.#parser.records[0];
    if (this.#columns !== null || header === undefined) return;
    this.#position = 1;
    this.#columns = header;
    const fault = this.#headerFault(header);
    if (fault === null) return;
    this.#last = fault;
    this.#parser.records = [];
  }

  #headerFault(header: readonly string[]): Fault | null {
    const problem = headerProblem(header);
    return problem === null ? null : new Fault(`${this.#name}:1: ${problem}`);
  }
}

/** Hands its records over as they are made, so that those before a faulty one are never lost. */
class RecordParser extends Parser {
  records: string[][] = [];

  constructor(options: Options) {
    super(options);
    // A failure reaches `feed` through its callback; unheard it would end the program.
    this.on("error", () => {});
  }

  override push(record: string[] | null): boolean {
    if (record === null) return super.push(null);
    this.records.push(record);
    return true;
  }

  /** Parses more text, null for its end. Gives what is wrong with it. */
  feed(text: string | null): Promise<CsvError | null> {
    return new Promise((resolve) => {
      const done = (error?: Error | null) => resolve((error as CsvError | undefined) ?? null);
      if (text === null) this.end(done);
      else this.write(text, done);
    });
  }
}

function lineCount(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

function headerProblem(header: readonly string[]): string | null {
  const seen = new Map<string, number>();
  for (const [index, name] of header.entries()) {
    if (name === "") return `column ${index + 1} has no name in the header`;
    if (name === "__proto__") return `column ${index + 1} cannot be called "__proto__"`;
    const other = seen.get(name);
    if (other !== undefined) {
      return `columns ${other} and ${index + 1} are both called "${name}" in the header`;
    }
    seen.set(name, index + 1);
  }
  return null;
}

/** `LINE: what is wrong`. */
function describe(error: CsvError, columns: readonly string[] | null): string {
  switch (error.code) {
    case "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH": {
      const count = (error.record as string[]).length;
      return `${error.lines}: the record has ${count} ${
        count === 1 ? "field" : "fields"
      }, the header ${columns?.length}`;
    }
    case "CSV_QUOTE_NOT_CLOSED":
      return `${error.lines}: a quoted field is still open at the end of the file`;
    case "CSV_INVALID_CLOSING_QUOTE":
    case "INVALID_OPENING_QUOTE":
      return `${error.lines}: a quote stands inside a field: quote the whole field and double the quotes in it`;
    case "CSV_MAX_RECORD_SIZE":
      return `${error.lines}: the record is longer than ${
        maxLineBytes / 1024 / 1024
      } MiB: is a quote left open?`;
    default:
      return `${error.lines}: ${error.message}`;
  }
}
