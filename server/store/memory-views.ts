import { LogwheelError } from "../../proto/kernel/errors.js";
import type { ViewChange, ViewEntry, Views, ViewsFolder } from "./views.js";

/** A batch that is not certain to have reached the disk, or is without those before it. */
interface Unforced {
  readonly changes: readonly ViewChange[];
  readonly synced: boolean;
}

/** What a power cut leaves of the batches that were not forced. */
export type ViewsLoss = "nothing" | "everything" | (() => number);

/** A call that is about to happen. */
export interface ViewsOperation {
  readonly call: "exists" | "open" | "remove" | "write" | "force" | "get" | "scan" | "close";
  readonly changes?: readonly ViewChange[];
}

/** Views in memory, which lose unforced batches with the power: the last ones, or any. Tests may let calls fail, or wait. */
export class MemoryViews implements ViewsFolder, Views {
  readonly path = "/memory/views";
  readonly whole = false;
  before: ((operation: ViewsOperation) => void | Promise<void>) | null = null;
  /** What `open` says of it, and every read. */
  damage: string | null = null;
  #made = false;
  /** Keys as binary text, which sorts as their bytes do. */
  #seen = new Map<string, Buffer>();
  #stored = new Map<string, Buffer>();
  #unforced: Unforced[] = [];
  #sorted: string[] | null = null;

  /** Batches that were written, by their keys and values. */
  get keys(): string[] {
    return this.#keys().map((key) => Buffer.from(key, "latin1").toString("hex"));
  }

  /** The same folder for another process: what was written is there. */
  clone(): MemoryViews {
    const copy = new MemoryViews();
    copy.#made = this.#made;
    copy.damage = this.damage;
    copy.#seen = new Map(this.#seen);
    copy.#stored = new Map(this.#stored);
    copy.#unforced = [...this.#unforced];
    return copy;
  }

  /** The folder as a machine finds it that lost power now. */
  losePower(loss: ViewsLoss): MemoryViews {
    const copy = new MemoryViews();
    copy.#made = this.#made;
    copy.damage = this.damage;
    copy.#stored = new Map(this.#stored);
    for (const { changes, synced } of this.#unforced)
      if (synced || loss === "everything" || (loss !== "nothing" && loss() < 0.5))
        apply(copy.#stored, changes);
    copy.#seen = new Map(copy.#stored);
    return copy;
  }

  async exists(): Promise<boolean> {
    await this.before?.({ call: "exists" });
    return this.#made;
  }

  async open(): Promise<Views> {
    await this.before?.({ call: "open" });
    this.#check();
    this.#made = true;
    return this;
  }

  async remove(): Promise<void> {
    await this.before?.({ call: "remove" });
    this.#made = false;
    this.damage = null;
    this.#seen.clear();
    this.#stored.clear();
    this.#unforced = [];
    this.#sorted = null;
  }

  async write(changes: readonly ViewChange[], { sync = false } = {}): Promise<void> {
    await this.before?.({ call: "write", changes });
    const copies = changes.map(copyOf);
    if (copies.some(({ key }) => !this.#seen.has(textOf(key)))) this.#sorted = null;
    apply(this.#seen, copies);
    if (copies.some(({ value }) => value === undefined)) this.#sorted = null;
    this.#unforced.push({ changes: copies, synced: sync });
  }

  async force(): Promise<void> {
    const count = this.#unforced.length;
    await this.before?.({ call: "force" });
    for (const { changes } of this.#unforced.splice(0, count)) apply(this.#stored, changes);
  }

  get(key: Buffer): Buffer | undefined {
    void this.before?.({ call: "get" });
    this.#check();
    return this.#seen.get(textOf(key));
  }

  async scan(from: Buffer, to: Buffer, max: number): Promise<ViewEntry[]> {
    await this.before?.({ call: "scan" });
    this.#check();
    const keys = this.#keys();
    const entries: ViewEntry[] = [];
    for (let at = placeOf(keys, textOf(from)); at < keys.length && entries.length < max; at++) {
      const key = keys[at]!;
      if (key >= textOf(to)) break;
      entries.push({ key: Buffer.from(key, "latin1"), value: this.#seen.get(key)! });
    }
    return entries;
  }

  async close(): Promise<void> {
    await this.before?.({ call: "close" });
  }

  #keys(): string[] {
    this.#sorted ??= [...this.#seen.keys()].sort();
    return this.#sorted;
  }

  #check(): void {
    if (this.damage !== null) throw new LogwheelError("LOG_CORRUPT", this.damage);
  }
}

function textOf(key: Buffer): string {
  return key.toString("latin1");
}

function copyOf({ key, value }: ViewChange): ViewChange {
  return { key: Buffer.from(key), ...(value === undefined ? {} : { value: Buffer.from(value) }) };
}

function apply(to: Map<string, Buffer>, changes: readonly ViewChange[]): void {
  for (const { key, value } of changes)
    if (value === undefined) to.delete(textOf(key));
    else to.set(textOf(key), value);
}

/** Place of the first key that is not before this one. */
function placeOf(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
