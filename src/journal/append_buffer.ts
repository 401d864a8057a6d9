import { writeText } from "../runtime/bytes.ts";
import { type Disk, writeAll } from "../runtime/disk.ts";
import { recordEndLength, writeRecordEnd } from "./record.ts";

const initialBytes = 256 * 1024;
const keptBytes = 64 * 1024 * 1024;

/** Records that wait to be written, as the bytes that will be: each is encoded once. */
export class AppendBuffer {
  #bytes = new Uint8Array(initialBytes);
  #used = 0;
  #position = 0;

  constructor(private readonly disk: Disk, private readonly fd: number) {}

  /** Bytes waiting. */
  get used(): number {
    return this.#used;
  }

  get isEmpty(): boolean {
    return this.#used === 0;
  }

  /** So much is waiting that no more should be kept. */
  get isFull(): boolean {
    return this.#used >= keptBytes;
  }

  /** Where in the file the waiting bytes begin. */
  get position(): number {
    return this.#position;
  }

  /** Adds one record, given without its end. */
  addText(text: string): void {
    this.#reserve(text.length * 3 + recordEndLength);
    const end = this.#used + writeText(text, this.#bytes, this.#used);
    this.#used = writeRecordEnd(this.#bytes, this.#used, end);
  }

  /** Adds one record whose last member is the result; gives where in the file the result will lie. */
  addResult(prefix: string, resultJson: string): { offset: number; length: number } {
    this.#reserve(prefix.length + resultJson.length * 3 + recordEndLength);
    const from = this.#used;
    const resultFrom = from + writeText(prefix, this.#bytes, from);
    const resultTo = resultFrom + writeText(resultJson, this.#bytes, resultFrom);
    this.#used = writeRecordEnd(this.#bytes, from, resultTo);
    return { offset: this.#position + resultFrom, length: resultTo - resultFrom };
  }

  /** Writes everything. After a throw what was waiting still waits, and what was added can still be read. */
  flush(): void {
    writeAll(this.disk, this.fd, this.#bytes, this.#used);
    this.#position += this.#used;
    this.#used = 0;
    if (this.#bytes.length > initialBytes) this.#bytes = new Uint8Array(initialBytes);
  }

  /** Reads at a position of the file, or of what follows it here. */
  read(into: Uint8Array, length: number, position: number): number {
    let done = 0;
    while (done < length && position + done < this.#position) {
      const to = Math.min(length, done + this.#position - (position + done));
      const count = this.disk.read(this.fd, into, done, to, position + done);
      if (count === 0) return done;
      done += count;
    }
    const from = position + done - this.#position;
    const waiting = this.#bytes.subarray(Math.max(0, from), Math.min(this.#used, from + length - done));
    if (from < 0 || waiting.length === 0) return done;
    into.set(waiting, done);
    return done + waiting.length;
  }

  /** Room for so many bytes more. */
  #reserve(bytes: number): void {
    const needed = this.#used + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = grown;
  }
}
