import { figure, forSeeds } from "../support/seeds.js";
import { type Happenings, OrderedCrowd } from "./ordered-crowd.js";

const TICKS = 120;
const QUIET: Happenings = { batches: false, faults: false, timeouts: false, letters: false };

const ROUNDS: Readonly<Record<string, Happenings>> = {
  "come and go": QUIET,
  "lose links and brokers": { ...QUIET, faults: true },
  "lose links and brokers, and time": { ...QUIET, faults: true, timeouts: true },
  "lose links and brokers, give up messages, and operators skip some": {
    ...QUIET,
    faults: true,
    letters: true,
  },
  "take batches": { ...QUIET, batches: true },
  "take batches, and lose links, brokers and time": { ...QUIET, batches: true, faults: true, timeouts: true },
};

describe("T16 ordered consumers of the SDK", () => {
  for (const [name, happenings] of Object.entries(ROUNDS))
    it(`keep the order of every key and leave none standing while they ${name} (A5-04)`, async function () {
      this.timeout(0);
      await forSeeds(name, { count: figure(40, 1_500) }, async (seed) => {
        const crowd = await OrderedCrowd.open(seed, happenings);
        try {
          for (let tick = 0; tick < TICKS; tick++) await crowd.tick();
          await crowd.finish();
        } finally {
          await crowd.close();
        }
      });
    });
});
