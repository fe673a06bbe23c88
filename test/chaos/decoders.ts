import { expect } from "chai";
import { type Decoder, fuzz } from "../support/decoder.js";
import { diskDecoders, TEXT_DECODERS } from "../support/disk-decoders.js";
import { WIRE_DECODERS } from "../support/wire-decoders.js";

const SEED = 20_261_121;

async function fuzzAll(decoders: readonly Decoder[], cases: number): Promise<void> {
  for (const decoder of decoders) {
    if (decoder.foreign !== true) for (const bytes of decoder.corpus) await decoder.run(bytes);
    const taken = await fuzz(decoder, cases, SEED);
    const harmless = decoder.foreign === true || decoder.codes !== undefined ? 0 : 1;
    expect(taken, `damage that leaves a value for ${decoder.name}`).to.be.at.least(harmless);
  }
}

/** T21: every decoder on `cases` damaged inputs. */
export function describeDecoders({ cases }: { readonly cases: number }): void {
  describe("decoders on damaged bytes", function () {
    this.timeout(0);

    it("T21: what comes over the wire gives a value or a typed error", () => fuzzAll(WIRE_DECODERS, cases));

    it("T21: what is read from the disk is as it was written, missing, or refused", async () =>
      fuzzAll(await diskDecoders(), cases));

    it("T21: what people write gives a value or a typed error", () => fuzzAll(TEXT_DECODERS, cases));
  });
}
