import { expect } from "chai";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import {
  ATTEMPTS_MAX,
  checkRetryDelays,
  RETRY_DELAYS_MS,
  retryDelayMs,
} from "../../../server/broker/retry-ladder.js";

const ROCKETMQ = "10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h".split(" ");

function ms(text: string): number {
  return Number.parseInt(text, 10) * { s: 1_000, m: 60_000, h: 3_600_000 }[text.at(-1)!]!;
}

describe("retry ladder", () => {
  it("has RocketMQ's 16 waits, so 17 deliveries, unless the group says otherwise (A9-09)", () => {
    expect(RETRY_DELAYS_MS).to.deep.equal(ROCKETMQ.map(ms));
    expect(ATTEMPTS_MAX).to.equal(17);
    for (const [index, text] of ROCKETMQ.entries())
      for (const none of [undefined, []]) expect(retryDelayMs(none, index + 1), text).to.equal(ms(text));
  });

  it("goes by a group's own waits, of which the last holds for all that follow", () => {
    const own = [5, 0, 70];
    expect([1, 2, 3, 4, 100].map((attempt) => retryDelayMs(own, attempt))).to.deep.equal([5, 0, 70, 70, 70]);
    expect(retryDelayMs(own, 0)).to.equal(5);
    expect(retryDelayMs(undefined, 1_000)).to.equal(7_200_000);
  });

  it("takes up to 64 waits of up to 7 days", () => {
    checkRetryDelays([]);
    checkRetryDelays(new Array(64).fill(7 * 86_400_000));
    for (const bad of [new Array(65).fill(1), [7 * 86_400_000 + 1], [-1], [0.5], [Number.NaN]])
      expect(() => checkRetryDelays(bad))
        .to.throw(LogwheelError)
        .with.property("code", "BAD_REQUEST");
  });
});
