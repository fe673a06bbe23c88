import { expect } from "chai";
import { ledgerRounds } from "../support/ledger-rounds.js";
import { replayable } from "../support/seeds.js";
import type { TestDatabase } from "../support/test-database.js";

/** Accounts that balance whatever dies, over a real broker. */
export function describeLedger(
  name: string,
  rounds: number,
  open: (context: Mocha.Context) => Promise<TestDatabase>,
): void {
  describe(`a ledger in ${name}`, function () {
    this.timeout(1_800_000);
    let test: TestDatabase;
    before(async function () {
      test = await open(this);
    });
    after(() => test?.stop());

    const title = `A8-10 A8-11 balances exactly after ${rounds} rounds of transfers by outbox, broker and inbox in ${name}, with crashes`;
    it(title, async () => {
      const seed = Number(process.env["SEED"] ?? 1);
      const counts = await replayable(title, { SEED: seed }, () => ledgerRounds(test, rounds, seed));
      console.log(`      seed ${seed}: ${JSON.stringify(counts)}`);
      for (const [what, count] of Object.entries(counts)) expect(count, what).to.be.above(0);
    });
  });
}
