import { expect } from "chai";
import { topic } from "../../client/sdk/topic.js";
import type { SendReceipt } from "../../client/sdk/types.js";
import { settle } from "../../client/testing/test-clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { StoredEntry } from "../support/fake-broker.js";
import { FakeCluster, until } from "../support/fake-cluster.js";
import { lie } from "../support/lying-broker.js";
import { figure, forSeeds } from "../support/seeds.js";

const NAME = "T25 sends to brokers that do anything at any time end with the truth";
const orders = topic("orders");

interface Sent {
  readonly body: string;
  receipt?: SendReceipt;
  error?: LogwheelError;
}

/** Two brokers that refuse, forget, lie and die, a producer that sends through all of it, and what came of each send. */
async function run(seed: number): Promise<void> {
  const cluster = new FakeCluster(seed);
  const { random, clock } = cluster;
  const names = ["a", "b"];
  const brokers = names.map((name) => cluster.broker(name, { flushSync: random() < 0.5 }));
  cluster.names.setTopic("orders", { a: 2, b: 1 });
  for (const broker of brokers) lie(broker, random, (ms, act) => clock.after(ms, act));
  const producer = cluster.producer({
    maxInFlight: random() < 0.3 ? 5 : 1_000,
    ...(random() < 0.3 ? { linger: { ms: 5 } } : {}),
  });
  const sends: Sent[] = [];
  const done: Promise<void>[] = [];
  const send = (sent: Sent): void => {
    const kind = random();
    const message = { topic: orders, body: Buffer.from(sent.body) };
    const options = random() < 0.1 ? { timeoutMs: Math.floor(random() * 5_000) } : {};
    const keyed = kind < 0.3 ? { ...message, orderingKey: `k${Math.floor(random() * 3)}` } : message;
    sends.push(sent);
    done.push(
      producer.send(keyed, options).then(
        (receipt) => {
          sent.receipt = receipt;
        },
        (thrown: unknown) => {
          sent.error = LogwheelError.from(thrown);
        },
      ),
    );
  };
  for (let step = 0; step < 60; step++) {
    for (let burst = Math.floor(random() * 5); burst >= 0; burst--) send({ body: `${step}.${burst}` });
    if (random() < 0.3) await settle();
    if (random() < 0.2) await clock.advance(Math.floor(random() * 1_000));
    if (random() < 0.05) {
      const name = names[Math.floor(random() * names.length)]!;
      await cluster.kill(name);
      await clock.advance(Math.floor(random() * 500));
      cluster.serve(name);
    }
  }
  await until(clock, Promise.all(done), 50);
  const stored = brokers.flatMap((broker) =>
    broker.stored.map((entry) => ({ ...entry, broker: broker.name })),
  );
  for (const sent of sends) checkOutcome(sent, stored);
  checkOrder(sends, stored);
  await until(clock, producer.close());
  await clock.advance(10_000);
  expect(clock.waiting, "timers left behind").to.equal(0);
}

type Stored = StoredEntry & { readonly broker: string };

/** Acknowledged: stored once, where the receipt says. Refused: not stored. Unknown: once at most. */
function checkOutcome({ body, receipt, error }: Sent, stored: readonly Stored[]): void {
  const places = stored.filter(({ message }) => message.body.toString() === body);
  if (receipt !== undefined) {
    expect(places, `${body} was acknowledged`).to.have.length(1);
    const { broker, queueId, queueOffset } = places[0]!;
    expect(receipt).to.include({ broker, queueId, queueOffset });
  } else if (error!.sent === "no") expect(places, `${body} was refused: ${error!.message}`).to.have.length(0);
  else expect(places.length, `${body} is unknown`).to.be.at.most(1);
  expect(error?.code, error?.message).to.not.be.oneOf(["INTERNAL", "SEQUENCE_UNKNOWN"]);
}

/** Messages of one key are stored in the order of their sends. */
function checkOrder(sends: readonly Sent[], stored: readonly Stored[]): void {
  const turns = new Map(sends.map(({ body }, turn) => [body, turn]));
  for (const key of ["k0", "k1", "k2"]) {
    const mine = stored.filter(({ message }) => message.orderingKey === key);
    const order = mine.map(({ message }) => turns.get(message.body.toString())!);
    expect(order, `key ${key}`).to.deep.equal(order.toSorted((a, b) => a - b));
  }
}

describe("sends", () => {
  it(NAME, () => forSeeds(NAME, { count: figure(300, 20_000) }, run));
});
