import { FingerprintMap } from "../inputs/fingerprints.ts";
import { stringifyJson, type ValueMap } from "../model/json.ts";
import { shortHash } from "../runtime/hash.ts";
import { bytesIn, type BytesPath, withBytes } from "./list_json.ts";

/** @see RowFeed */
export interface RowFeedOptions {
  /** The tasks that go through the rows, by their positions in the plan. */
  readonly consumers: readonly number[];
  /** The run may have more than one attempt. */
  readonly mayRepeat: boolean;
  /** Hands a row on. */
  give(row: ValueMap): void;
  /** Keeps a piece of the list, numbered from 0, for a run that goes on with this one; false when it must not be kept. */
  keep(number: number, json: string): boolean;
}

/** About as large are the pieces in which rows are kept. */
const pieceLength = 64 * 1024;

/**
 * The rows of one task run, handed on as they arrive. Those that were handed on cannot be taken back: should the attempt
 * fail and another one follow, that one hands on only what was not handed on yet. Equal rows are told by how often they
 * come, so that the order in which they come does not matter.
 */
export class RowFeed {
  /** Rows were handed on, or would have been. */
  isOpen = false;
  readonly #options: RowFeedOptions;
  /** How often each row was handed on. */
  readonly #given = new FingerprintMap();
  /** Of the rows that wait to be kept, the JSON. */
  #text = "";
  #count = 0;
  #bytes: BytesPath[] = [];
  /** How many rows each piece has. */
  readonly #pieces: number[] = [];
  #isKept = true;

  constructor(options: RowFeedOptions) {
    this.#options = options;
  }

  get consumers(): readonly number[] {
    return this.#options.consumers;
  }

  /** An attempt begins; gives what takes its rows. */
  open(): (row: ValueMap) => void {
    const isFirst = !this.isOpen;
    this.isOpen = true;
    if (!this.#options.mayRepeat) return (row) => this.#give(row, stringifyJson(row));
    const seen = isFirst ? null : new FingerprintMap();
    return (row) => {
      const json = stringifyJson(row);
      const hash = shortHash(json);
      if (seen !== null && seen.count(hash) <= this.#given.counted(hash)) return;
      this.#given.count(hash);
      this.#give(row, json);
    };
  }

  /** The run has ended. Gives how many rows each piece has that was kept; null when some had to be left out. */
  finish(): readonly number[] | null {
    this.#closePiece();
    return this.#isKept ? this.#pieces : null;
  }

  #give(row: ValueMap, json: string): void {
    if (this.#isKept) {
      const bytes = bytesIn(row, [this.#count]);
      if (bytes.length > 0) this.#bytes.push(...bytes);
      this.#text += (this.#count++ === 0 ? "[" : ",") + json;
      if (this.#text.length >= pieceLength) this.#closePiece();
    }
    this.#options.give(row);
  }

  #closePiece(): void {
    if (this.#count === 0) return;
    this.#isKept = this.#options.keep(this.#pieces.length, withBytes(this.#text + "]", this.#bytes));
    this.#bytes = [];
    this.#pieces.push(this.#count);
    this.#text = "";
    this.#count = 0;
  }
}
