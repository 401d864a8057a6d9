/** Where results lie in the journal, by task and index: 12 bytes each, in chunks, so that growing never copies much. */
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
  size = 0;

  set(index: number, offset: number, length: number): void {
    const chunk = this.#chunkFor(index);
    const at = index & (chunkSize - 1);
    chunk.offsets[at] = offset;
    chunk.lengths[at] = length;
    if (index >= this.size) this.size = index + 1;
  }

  offset(index: number): number {
    return this.#chunks[index >>> chunkBits]!.offsets[index & (chunkSize - 1)]!;
  }

  length(index: number): number {
    return this.#chunks[index >>> chunkBits]?.lengths[index & (chunkSize - 1)] ?? 0;
  }

  #chunkFor(index: number): Chunk {
    const number = index >>> chunkBits;
    const chunk = this.#chunks[number] ??= makeChunk(chunkSize);
    if ((index & (chunkSize - 1)) < chunk.lengths.length) return chunk;
    const grown = makeChunk(Math.min(chunkSize, 2 ** Math.ceil(Math.log2(index + 1))));
    grown.offsets.set(chunk.offsets);
    grown.lengths.set(chunk.lengths);
    return this.#chunks[number] = grown;
  }
}

interface Chunk {
  /** Doubles: a journal may be longer than 4 GiB. */
  readonly offsets: Float64Array;
  readonly lengths: Uint32Array;
}

function makeChunk(size: number): Chunk {
  return { offsets: new Float64Array(size), lengths: new Uint32Array(size) };
}
