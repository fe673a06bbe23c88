import { expect } from "chai";
import type { CheckReply } from "../../../proto/gen/logwheel/v1/CheckReply.js";
import type { CheckRequest__Output } from "../../../proto/gen/logwheel/v1/CheckRequest.js";
import { CheckSession } from "../../../server/broker/check-session.js";
import { FakeStream } from "../../support/fake-stream.js";

describe("CheckSession", () => {
  it("asks nothing more while the producer does not read", () => {
    const stream = new FakeStream<CheckReply, CheckRequest__Output>();
    const ignored = { joined: () => {}, left: () => {}, answered: () => {} };
    const session = new CheckSession(
      { member: "m", heartbeatMs: 1, expiryMs: 1, nowMs: () => 0, ...ignored },
      stream,
    );
    stream.hear({
      request: "hello",
      hello: { producerGroup: "g", host: "", processId: 0 },
    } as CheckRequest__Output);
    expect(session.ask({ transactionId: "1" })).to.equal(true);
    stream.accepts = false;
    const asked = ["2", "3", "4"].map((transactionId) => session.ask({ transactionId }));
    expect(asked).to.deep.equal([true, false, false]);
    stream.drain();
    expect(session.ask({ transactionId: "5" })).to.equal(true);
    const questions = stream.written.flatMap(({ question }) => question?.transactionId ?? []);
    expect(questions).to.deep.equal(["1", "2", "5"]);
  });
});
