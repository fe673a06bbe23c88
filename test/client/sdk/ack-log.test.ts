import { expect } from "chai";
import { AckLog, type AckWaiter, alone } from "../../../client/sdk/ack-log.js";
import type { Delivery } from "../../../client/sdk/delivery.js";
import { QueueFlow, type Settler } from "../../../client/sdk/queue-flow.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";

const settler: Settler = {
  succeed() {},
  fail() {},
  release() {},
  ended() {},
  extendLease: () => Promise.resolve(),
};
const refusal = new LogwheelError("LEASE_EXPIRED", "another member has it");

describe("log of acknowledgements", () => {
  let log: AckLog;
  let flow: QueueFlow;
  let told: string[];
  beforeEach(() => {
    log = new AckLog();
    flow = new QueueFlow(settler, "a", { topic: "t", queueId: 0, generation: 1, offset: 0 });
    told = [];
  });

  const waiter = (offset: number): AckWaiter => ({
    delivery: { flow, offset } as unknown as Delivery,
    resolve: () => void told.push(`${offset} ok`),
    reject: (error) => void told.push(`${offset} ${LogwheelError.from(error).code}`),
  });
  const send = (serial: number) => {
    const { queues, sent } = log.take();
    log.sent(serial, sent);
    return queues.flatMap(({ ranges }) => ranges);
  };

  it("sends again what was not answered when its stream broke, and tells who waits for it", () => {
    for (const offset of [0, 1]) log.await(waiter(offset));
    send(1);
    log.unsend();
    expect(send(1)).to.deep.equal([{ start: 0, end: 2 }]);
    expect(log.answered(1, [])).to.deep.equal([]);
    expect(told).to.deep.equal(["0 ok", "1 ok"]);
  });

  it("the same for one that is asked for alone, after others in its company were refused", () => {
    for (const offset of [0, 5]) log.await(waiter(offset));
    send(1);
    const [first, second] = log.answered(1, [refusal]);
    log.sent(2, alone(first!).sent);
    log.sent(3, alone(second!).sent);
    log.answered(3, [refusal]);
    log.unsend();
    expect(send(1)).to.deep.equal([{ start: 0, end: 1 }]);
    log.answered(1, []);
    expect(told).to.deep.equal(["5 LEASE_EXPIRED", "0 ok"]);
    expect(log.empty).to.equal(true);
  });

  it("tells who waits for a queue that went away while the answer was on its way, when there will be none", () => {
    log.await(waiter(0));
    send(1);
    flow.state = "gone";
    log.unsend();
    expect(told).to.deep.equal(["0 NOT_ASSIGNED"]);
    expect(log.empty).to.equal(true);
  });
});
