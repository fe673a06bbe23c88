import { check, emptyHeader, type Header, KIND } from "./record.js";
import { searchBehind } from "./scan.js";
import { firstRecord, type Segment } from "./segment.js";
import { walk } from "./walk.js";

/** A range of log offsets, `to` not included. */
export interface LogRange {
  readonly from: number;
  readonly to: number;
}

/** Who wants to know what a segment holds. */
export interface SalvageVisitor {
  /** A whole record stands at `bytes[at..at + header.length)`; valid during the call. False: pause behind it. */
  record(header: Header, bytes: Buffer, at: number): unknown;
  /** There is no record in this range, though more should follow. */
  damage(range: LogRange): unknown;
}

/** A walk through the whole records of a segment, passing over what is none. Every record is checked as recovery does. */
export class Salvage {
  readonly #segment: Segment;
  readonly #to: number;
  readonly #header = emptyHeader();
  #place: number;
  #epoch = 0;
  #over = false;

  /** Walks up to log offset `to`. A sealed segment ends with its end record: `to` is the segment's end then. */
  constructor(segment: Segment, to: number) {
    this.#segment = segment;
    this.#to = to;
    this.#place = firstRecord(segment);
  }

  /** Whether the walk has come to the end of the segment or to `to`. */
  get over(): boolean {
    return this.#over || this.#place >= this.#to;
  }

  /** Goes on from where it paused, to the next pause or to the end. */
  async go(visitor: SalvageVisitor): Promise<void> {
    let paused = false;
    while (!this.over && !paused) {
      const stopped = await this.#records(visitor);
      if (stopped === "paused") paused = true;
      else if (!this.over) await this.#damage(visitor);
    }
  }

  /** Hands records on until the visitor pauses, or there is none. */
  async #records(visitor: SalvageVisitor): Promise<"paused" | "no record"> {
    const header = this.#header;
    let paused = false;
    this.#place = await walk(this.#segment, this.#place, (bytes, view, at, logOffset) => {
      if (logOffset >= this.#to || this.#over || paused) return "stop";
      const what = check(bytes, view, at, logOffset, header);
      if (what === "short") return "more";
      if (what !== "record" || header.epoch < this.#epoch) return "stop";
      this.#epoch = header.epoch;
      this.#over = header.kind === KIND.end;
      paused = visitor.record(header, bytes, at) === false;
      return header.length;
    });
    return paused ? "paused" : "no record";
  }

  async #damage(visitor: SalvageVisitor): Promise<void> {
    const search = { from: this.#place + 1, to: this.#to, epoch: this.#epoch, first: true };
    const { start } = await searchBehind(this.#segment, search);
    const next = start > 0 ? start : this.#to;
    visitor.damage({ from: this.#place, to: next });
    this.#place = next;
  }
}

/** The whole walk at once. */
export function salvage(segment: Segment, to: number, visitor: SalvageVisitor): Promise<void> {
  return new Salvage(segment, to).go(visitor);
}

/** What a sealed segment misses: nothing, only what an operator gave up, or more. */
export type Loss = "nothing" | "given up" | "damaged";

/** Looks through a whole sealed segment. */
export async function lossOf(segment: Segment): Promise<Loss> {
  let loss: Loss = "nothing";
  await salvage(segment, segment.end, {
    record({ kind }) {
      if (kind === KIND.damage && loss === "nothing") loss = "given up";
    },
    damage: () => (loss = "damaged"),
  });
  return loss;
}
