import { seeded } from "../../client/testing/seeded.js";
import { type ErrorCode, LogwheelError } from "../../proto/kernel/errors.js";
import { Mutator } from "./mutator.js";

/** Something that reads bytes which may be anything. */
export interface Decoder {
  readonly name: string;
  /** Bytes that it is made for; these are damaged. */
  readonly corpus: readonly Buffer[];
  /** The corpus is what others are made for. There are many of these, and each gets a fortieth of the cases. */
  readonly foreign?: boolean;
  /** What it may fail with; by default the errors of a bad request. */
  readonly codes?: readonly ErrorCode[];
  /** Reads, and checks what was read. */
  run(bytes: Buffer): void | Promise<void>;
}

const BAD_REQUEST: readonly ErrorCode[] = ["BAD_REQUEST", "MESSAGE_TOO_LARGE"];

/** Runs a decoder on damaged bytes and tells how often it took them. Anything but a value or one of its errors fails. */
export async function fuzz(decoder: Decoder, cases: number, seed: number): Promise<number> {
  const { name, corpus, codes = BAD_REQUEST, foreign = false } = decoder;
  const mutator = new Mutator(seeded(seed));
  let taken = 0;
  for (let count = Math.ceil(foreign ? cases / 40 : cases); count > 0; count--) {
    const bytes = mutator.mutate(mutator.pick(corpus), mutator.pick(corpus));
    try {
      const running = decoder.run(bytes);
      if (running !== undefined) await running;
      taken++;
    } catch (thrown) {
      const typed = LogwheelError.is(thrown) && codes.includes(thrown.code);
      if (!typed) throw new Error(`${name} on ${bytes.toString("hex")}: ${thrown}`, { cause: thrown });
    }
  }
  return taken;
}
