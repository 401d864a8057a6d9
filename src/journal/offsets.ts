/** Where results lie in the journal, by task and index: 8 bytes each, in chunks, so that growing never copies much. */
export class Offsets {
  readonly #tasks: TaskOffsets[] = [];

  set(task: number, index: number, offset: number, length: number): void {
    while (this.#tasks.length <= task) this.#tasks.push(new TaskOffsets());
    this.#tasks[task]!.set(index, offset, length);
  }

  /** Bytes; 0 when there is no result. */
  length(task: number, index: number): number {
    return this.#tasks[task]?.length(index) ?? 0;
  }

  /** Position of the first byte. Only asked for where `length` is not 0. */
  offset(task: number, index: number): number {
    return this.#tasks[task]!.offset(index);
  }

  /** One past the greatest index set. */
  size(task: number): number {
    return this.#tasks[task]?.size ?? 0;
  }
}

const chunkBits = 16;
const chunkSize = 1 << chunkBits;

/** The first chunk starts small and doubles, since most tasks have few inputs; the others come whole. */
class TaskOffsets {
  readonly #chunks: (Chunk | undefined)[] = [makeChunk(16)];
  /** Lengths that are too great for their chunk, by index. */
  readonly #long = new Map<number, number>();
  size = 0;

  set(index: number, offset: number, length: number): void {
    const chunk = this.#chunkFor(index);
    const at = index & (chunkSize - 1);
    chunk.low[at] = offset;
    chunk.high[at] = offset / 2 ** 32;
    chunk.lengths[at] = Math.min(length, isLong);
    if (length >= isLong) this.#long.set(index, length);
    if (index >= this.size) this.size = index + 1;
  }

  offset(index: number): number {
    const { low, high } = this.#chunks[index >>> chunkBits]!;
    const at = index & (chunkSize - 1);
    return high[at]! * 2 ** 32 + low[at]!;
  }

  length(index: number): number {
    const length = this.#chunks[index >>> chunkBits]?.lengths[index & (chunkSize - 1)] ?? 0;
    return length === isLong ? this.#long.get(index)! : length;
  }

  #chunkFor(index: number): Chunk {
    const number = index >>> chunkBits;
    const chunk = this.#chunks[number] ??= makeChunk(chunkSize);
    if ((index & (chunkSize - 1)) < chunk.lengths.length) return chunk;
    const grown = makeChunk(Math.min(chunkSize, 2 ** Math.ceil(Math.log2(index + 1))));
    grown.low.set(chunk.low);
    grown.high.set(chunk.high);
    grown.lengths.set(chunk.lengths);
    return this.#chunks[number] = grown;
  }
}

/** Stands for every length from here on: few results are that long. */
const isLong = 0xffff;

interface Chunk {
  /** The lower 32 bits of each offset, and the 16 above: more than any journal has. */
  readonly low: Uint32Array;
  readonly high: Uint16Array;
  readonly lengths: Uint16Array;
}

function makeChunk(size: number): Chunk {
  return { low: new Uint32Array(size), high: new Uint16Array(size), lengths: new Uint16Array(size) };
}
