import { toBase64 } from "../model/json.ts";
import type { CapturePlan } from "../model/plan.ts";
import type { Redactor } from "../model/redactor.ts";
import { type Hasher, sha256Hex, startSha256 } from "../runtime/hash.ts";
import type { Body, FinishedBody } from "./body.ts";
import { cutMiddle, cutWindows, decodeUtf8, maskBytes } from "./capture_text.ts";

/** What becomes of a body's bytes. */
export interface BodyOptions {
  /** More than this makes `write` give false. */
  readonly maxBytes: number;
  readonly capture: CapturePlan;
  /** Whether the whole content is wanted, because an expression reads it. */
  readonly keepContent: boolean;
  /** Takes every byte on its way to a file; null when nothing is saved. */
  readonly save: SaveSink | null;
  readonly redactor: Redactor;
  /** False spares the hash, for a kind that does not report one; `sha256` is then empty. */
  readonly hash?: boolean;
}

/** Where a body's bytes go when they are saved. Trouble is kept for later: `write` never throws. */
export interface SaveSink {
  write(chunk: Uint8Array): void;
  /** Drops what was written. Called when the body is too large or thrown away; may be called more than once. */
  discard(): void;
}

/** What `capture: failed` keeps of a failed run, and every run by default. */
export const defaultCaptureBytes = 16 * 1024;

/**
 * A place for one result's bytes. Memory is bounded by `maxBytes` when the content is kept, by the capture's size otherwise.
 *
 * After `write` has given false a caller may go on writing, to drain a subprocess: bytes are counted and the last ones
 * captured, but the content and the saved file are given up.
 */
export function makeBody(options: BodyOptions): Body {
  return new StoredBody(options);
}

/** Invariant: `head` and `tail` together are the whole body unless `dropped`; then `tail` holds its last `tailLimit` bytes. */
class StoredBody implements Body {
  bytes = 0;
  private readonly options: BodyOptions;
  private readonly captureBytes: number;
  private readonly headLimit: number;
  private readonly tailLimit: number;
  private readonly isHashed: boolean;
  private hasher: Hasher | undefined;
  private readonly head: Uint8Array[] = [];
  private headBytes = 0;
  private tail: Uint8Array[] = [];
  private tailBytes = 0;
  private dropped = false;
  private tooLarge = false;
  private finished: FinishedBody | undefined;

  constructor(options: BodyOptions) {
    const { maxBytes, capture, keepContent, redactor } = options;
    this.options = options;
    this.captureBytes = captureSize(capture, maxBytes);
    // A character cut in two at the edge of a window needs up to three bytes more.
    const window = this.captureBytes === 0 ? 0 : this.captureBytes + redactor.margin + 3;
    this.headLimit = keepContent ? Math.max(maxBytes, window) : window;
    this.tailLimit = window;
    this.isHashed = options.hash !== false;
  }

  write(chunk: Uint8Array): boolean {
    if (chunk.length === 0) return !this.tooLarge;
    this.bytes += chunk.length;
    this.keep(chunk);
    if (this.isHashed) this.hash(chunk);
    if (this.tooLarge) return false;
    if (this.bytes <= this.options.maxBytes) {
      this.options.save?.write(chunk);
      return true;
    }
    this.tooLarge = true;
    this.options.save?.discard();
    return false;
  }

  finish(): FinishedBody {
    const whole = this.options.keepContent && !this.tooLarge;
    return this.finished ??= {
      bytes: this.bytes,
      sha256: this.isHashed ? this.hasher?.hex() ?? sha256Hex(this.head[0] ?? "") : "",
      content: whole ? this.joinHead() : undefined,
      captured: (name) => this.capture(name),
    };
  }

  discard(): void {
    this.head.length = 0;
    this.tail = [];
    this.options.save?.discard();
  }

  /** A body of one chunk that was kept whole, as most are, is hashed when it is finished: that takes half the time. */
  private hash(chunk: Uint8Array): void {
    if (this.hasher === undefined) {
      const [first] = this.head;
      if (first?.length === this.bytes) return;
      this.hasher = startSha256();
      if (this.bytes > chunk.length) this.hasher.update(first!);
    }
    this.hasher.update(chunk);
  }

  private keep(chunk: Uint8Array): void {
    const room = this.headLimit - this.headBytes;
    if (room > 0) {
      const taken = chunk.slice(0, room);
      this.head.push(taken);
      this.headBytes += taken.length;
    }
    if (room < chunk.length) this.keepTail(room > 0 ? chunk.subarray(room) : chunk);
  }

  private keepTail(chunk: Uint8Array): void {
    if (this.tailLimit === 0) return;
    const taken = chunk.slice(Math.max(0, chunk.length - this.tailLimit));
    this.dropped ||= taken.length < chunk.length;
    this.tail.push(taken);
    this.tailBytes += taken.length;
    let first = 0;
    while (this.tailBytes - this.tail[first]!.length >= this.tailLimit) {
      this.tailBytes -= this.tail[first++]!.length;
    }
    if (first === 0) return;
    this.dropped = true;
    this.tail.splice(0, first);
  }

  /** The head as one array, joined once. */
  private joinHead(): Uint8Array {
    if (this.head.length !== 1) this.head.splice(0, this.head.length, join(this.head));
    return this.head[0]!;
  }

  private capture(name: string): Captured {
    if (this.captureBytes === 0) return { fields: {}, truncated: false };
    // Masking all of a large content that was kept for an expression would cost more than the expression.
    const whole = !this.dropped && this.bytes <= 2 * this.tailLimit;
    return whole ? this.captureWhole(name) : this.captureEnds(name);
  }

  private captureWhole(name: string): Captured {
    const { captureBytes, options } = this;
    const bytes = this.tail.length === 0 ? this.joinHead() : join([this.joinHead(), ...this.tail]);
    const text = decodeUtf8(bytes, this.tooLarge ? "begins" : "complete");
    if (text === undefined) return this.captureBinary(name, bytes);
    const cut = cutMiddle(options.redactor.mask(text), captureBytes, this.bytes);
    return { fields: { [name]: cut.text }, truncated: cut.truncated };
  }

  private captureEnds(name: string): Captured {
    const { captureBytes, options, tailLimit: window } = this;
    const head = this.joinHead();
    const tail = join([head.subarray(Math.max(0, head.length - window)), ...this.tail]);
    const headText = decodeUtf8(head.subarray(0, window), "begins");
    const tailText = decodeUtf8(tail.subarray(-window), "middle");
    if (headText === undefined || tailText === undefined) return this.captureBinary(name, head);
    const text = cutWindows(headText, tailText, captureBytes, this.bytes, options.redactor);
    return { fields: { [name]: text }, truncated: true };
  }

  /** The first bytes only: base64 with a mark in its middle could not be decoded. */
  private captureBinary(name: string, bytes: Uint8Array): Captured {
    const { captureBytes, options: { redactor } } = this;
    const masked = maskBytes(bytes.subarray(0, this.tailLimit), redactor);
    const whole = this.bytes <= this.tailLimit && masked.length <= captureBytes;
    // A secret that the window cuts in two is not masked: it stands in the last bytes.
    const safe = this.bytes <= this.tailLimit ? masked.length : Math.max(0, masked.length - redactor.margin);
    return {
      fields: { [`${name}Base64`]: toBase64(masked.subarray(0, Math.min(captureBytes, safe))) },
      truncated: !whole,
    };
  }
}

type Captured = ReturnType<FinishedBody["captured"]>;

function captureSize(capture: CapturePlan, maxBytes: number): number {
  switch (capture.mode) {
    case "size":
      return capture.bytes;
    case "failed":
      return defaultCaptureBytes;
    case "all":
      return maxBytes;
    case "none":
      return 0;
  }
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}
