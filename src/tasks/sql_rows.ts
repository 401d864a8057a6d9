import { stringifyJson, type Value, type ValueMap } from "../model/json.ts";
import type { RowSink } from "../runtime/databases.ts";
import type { RowWriter } from "./sql_save.ts";

/** What is kept of a result's rows. */
export interface RowLimits {
  readonly maxRows: number;
  /** Of all rows together, about as large as their JSON. */
  readonly maxBytes: number;
  /** Of the rows the report keeps, the first ones. */
  readonly captureBytes: number;
  /** An expression reads them all. */
  readonly keepAll: boolean;
}

/** Where rows go as they arrive. */
export interface RowTargets {
  /** What `save` writes. */
  readonly writer: RowWriter | null;
  /** Other tasks that go through them. */
  readonly stream: ((row: ValueMap) => void) | null;
}

/**
 * Takes the rows of one result: counts them, keeps what is asked for, hands all of them to where they go. Rows that only
 * go to other tasks are bounded by their number, and each by its size: together they take no memory.
 *
 * Invariant: `kept` has the first rows, at least as many as `capturedCount`; bytes kept are bounded by the limits.
 */
export class ResultRows implements RowSink {
  /** Unique: a name that comes again gets a number. */
  columnNames: readonly string[] = [];
  /** Rows taken. */
  count = 0;
  /** Which limit left rows out; undefined when all of them were taken. */
  exceeded: "maxRows" | "maxBytes" | undefined;
  private readonly limits: RowLimits;
  private readonly writer: RowWriter | null;
  private readonly stream: RowTargets["stream"];
  private readonly kept: ValueMap[] = [];
  private capturedCount = 0;
  private bytes = 0;

  constructor(limits: RowLimits, { writer, stream }: RowTargets) {
    this.limits = limits;
    this.writer = writer;
    this.stream = stream;
  }

  columns(names: readonly string[]): void {
    this.columnNames = uniqueNames(names);
    this.writer?.begin(this.columnNames);
  }

  row(values: readonly Value[]): boolean {
    // The one row more that is fetched ends the statement without being asked to.
    if (this.count >= this.limits.maxRows) {
      this.exceeded = "maxRows";
      return true;
    }
    const size = sizeOf(values);
    this.bytes += size;
    const isPassedOn = this.stream !== null && this.writer === null && !this.limits.keepAll;
    if ((isPassedOn ? size : this.bytes) > this.limits.maxBytes) {
      this.exceeded = "maxBytes";
      return false;
    }
    this.count++;
    this.writer?.row(values);
    const captured = this.bytes <= this.limits.captureBytes;
    if (captured) this.capturedCount = this.count;
    const isKept = captured || this.limits.keepAll;
    if (!isKept && this.stream === null) return true;
    const row = rowOf(this.columnNames, values);
    if (isKept) this.kept.push(row);
    this.stream?.(row);
    return true;
  }

  /** All rows, where `keepAll` asked for them. */
  get rows(): readonly ValueMap[] {
    return this.kept;
  }

  /** The rows that the report keeps. */
  get captured(): readonly ValueMap[] {
    return this.kept.length === this.capturedCount ? this.kept : this.kept.slice(0, this.capturedCount);
  }

  /** The report does not have all rows there are. */
  get truncated(): boolean {
    return this.exceeded !== undefined || this.capturedCount < this.count;
  }
}

function uniqueNames(names: readonly string[]): readonly string[] {
  const taken = new Set(names);
  const used = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let number = 2; used.has(unique); number++) {
      const numbered = `${name}_${number}`;
      if (!taken.has(numbered)) unique = numbered;
    }
    used.add(unique);
    return unique;
  });
}

function rowOf(names: readonly string[], values: readonly Value[]): ValueMap {
  const row: Record<string, Value> = {};
  for (let index = 0; index < names.length; index++) {
    // Assigned, a column of this name would set the prototype.
    if (names[index] === "__proto__") {
      Object.defineProperty(row, "__proto__", { value: values[index], enumerable: true });
    } else row[names[index]!] = values[index]!;
  }
  return row;
}

/** Close to the length of the JSON, at a fraction of its cost. */
function sizeOf(values: readonly Value[]): number {
  let size = 2;
  for (const value of values) size += 8 + sizeOfValue(value);
  return size;
}

function sizeOfValue(value: Value): number {
  if (typeof value === "string") return value.length;
  if (value instanceof Uint8Array) return Math.ceil(value.length / 3) * 4;
  if (typeof value === "object" && value !== null) return stringifyJson(value).length;
  return 8;
}
