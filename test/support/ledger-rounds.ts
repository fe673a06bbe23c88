import { connect } from "../../client/sdk/connect.js";
import { type Topic, topic } from "../../client/sdk/topic.js";
import { seeded } from "../../client/testing/seeded.js";
import { startCluster } from "./cluster-processes.js";
import { Ledger, type Transfer } from "./ledger.js";
import type { TestDatabase } from "./test-database.js";

const transfers: Topic<Transfer> = topic("transfers", {
  codec: {
    contentType: "application/json",
    encode: (transfer) => Buffer.from(JSON.stringify(transfer)),
    decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()),
  },
});

/** Rounds of a ledger over a broker that is a process of its own; resolves with what happened in them. */
export async function ledgerRounds(
  database: TestDatabase,
  rounds: number,
  seed: number,
): Promise<Ledger["counts"]> {
  const cluster = await startCluster("--auto-create-topics", "true");
  const client = await connect({ endpoints: cluster.nameServer, logger: false });
  try {
    const consumer = client.simpleConsumer(transfers, { group: "bank", from: "earliest" });
    const random = seeded(seed);
    const ledger = new Ledger({ database, topic: transfers, producer: client.producer(), consumer, random });
    await ledger.open();
    for (let round = 0; round < rounds; round++) await ledger.round();
    return ledger.counts;
  } finally {
    await client.close();
    await cluster.stop();
  }
}
