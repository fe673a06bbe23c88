import { expect } from "chai";
import { BROKER } from "../../../proto/kernel/contract.js";
import { ConsumingBroker } from "../../support/consuming.js";

const EARLIEST = 1;

describe("The place of a group after a power cut", () => {
  let broker: ConsumingBroker;
  const syncing: (() => void)[] = [];
  beforeEach(async () => {
    broker = await ConsumingBroker.open();
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 10);
  });
  afterEach(async () => {
    broker.files.before = null;
    for (const end of syncing.splice(0)) end();
    await broker.close();
  });

  const place = async (): Promise<number | undefined> =>
    (await broker.channel.unary(BROKER.seek, { topic: "t", queueId: 0, group: "g" })).groupOffset;

  /** A member acknowledges a half, half a second later the other, and the broker answers both. */
  async function acknowledgeTwice(): Promise<void> {
    const member = await broker.join({ group: "g", from: EARLIEST });
    await member.credit(10);
    await member.ack(0, 5);
    await broker.pass(600);
    await member.ack(5, 10);
    await broker.pass(10);
    expect(member.acked.map(({ serial, failures }) => [serial, failures])).to.deep.equal([
      [1, []],
      [2, []],
    ]);
  }

  it("is behind what was answered half a second before; the rest comes again, and nothing is left out (ADR 11)", async () => {
    await acknowledgeTwice();
    broker = await broker.crash();
    expect(await place()).to.equal(5);
    const next = await broker.join({ group: "g", from: EARLIEST });
    await next.credit(10);
    await broker.pass(3_000);
    expect(next.bodies).to.deep.equal(["5", "6", "7", "8", "9"]);
  });

  it("is behind all that was answered if only the process was killed", async () => {
    await acknowledgeTwice();
    broker = await broker.kill();
    expect(await place()).to.equal(10);
  });

  it("is where the group began, so that one that begins at the latest gets what is sent before it is back", async () => {
    broker.groups.ensure("g", { ordered: false });
    await broker.pass(10);
    await broker.join({ group: "g" });
    broker = await broker.crash();
    await broker.send(broker.topics.get("t").queues[0]!, "after");
    const next = await broker.join({ group: "g" });
    await next.credit(10);
    await broker.pass(3_000);
    expect(next.bodies).to.deep.equal(["after"]);
  });

  /** The power goes before the syncs that hang have ended. */
  async function powerCutDuringSync(): Promise<ConsumingBroker> {
    const left = broker.files.losePower("nothing");
    broker.files.before = null;
    for (const end of syncing.splice(0)) end();
    await broker.close();
    return ConsumingBroker.open({ clock: broker.clock, memoryFiles: left });
  }

  /** Syncs of the log hang from now on. */
  function hang(): void {
    broker.files.before = ({ call, name }) =>
      call === "sync" && name.endsWith(".log") ? new Promise((end) => syncing.push(end)) : undefined;
  }

  it("is there when somebody's acknowledgement was the group's first, once that was answered, and none behind it is before", async () => {
    broker.groups.ensure("g", { ordered: false });
    await broker.pass(10);
    const answers: number[] = [];
    const ack = (below: number): void => {
      const request = { group: "g", topic: "t", queueId: 0, ranges: [], below };
      void broker.channel.unary(BROKER.ack, request).then(
        () => answers.push(below),
        () => {},
      );
    };
    hang();
    ack(4);
    ack(5);
    await broker.pass(20);
    expect(syncing).to.have.length(1);
    expect(answers).to.deep.equal([]);
    broker = await powerCutDuringSync();
    expect(await place()).to.equal(undefined);
    ack(4);
    await broker.pass(20);
    expect(answers.at(-1)).to.equal(4);
    broker = await broker.crash();
    expect(await place()).to.equal(4);
  });

  it("is there before a member is told that what it acknowledged right at the beginning is kept", async () => {
    broker.groups.ensure("g", { ordered: false });
    const other = await broker.join({ group: "other", from: EARLIEST });
    await other.credit(10);
    await broker.pass(2_000);
    // The next record comes 5 ms after this one's: it has the first place and the acknowledgement.
    await other.ack(0, 1);
    const member = await broker.join({ group: "g" });
    await member.credit(10);
    await broker.send(broker.topics.get("t").queues[0]!, "10", "11");
    hang();
    await member.ack(10, 11);
    await broker.pass(20);
    expect(syncing).to.have.length(1);
    expect(member.acked).to.deep.equal([]);
    for (const end of syncing.splice(0)) end();
    await broker.pass(10);
    expect(member.acked).to.have.length(1);
  });

  it("is what a reset or a skip has made of it, once that was answered", async () => {
    const member = await broker.join({ group: "g", from: EARLIEST });
    await member.credit(1);
    const skipped = broker.admin.skip({ group: "g", topic: "t", queueId: 0, offset: 0, dryRun: false });
    await broker.pass(10);
    await skipped;
    broker = await broker.crash();
    expect(await place()).to.equal(1);
    const reset = broker.admin.reset({ name: "g", topic: "t", dryRun: false, to: "offset", offset: 7 });
    await broker.pass(10);
    await reset;
    broker = await broker.crash();
    expect(await place()).to.equal(7);
  });
});
