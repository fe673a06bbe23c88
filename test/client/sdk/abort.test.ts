import { getEventListeners } from "node:events";
import { expect } from "chai";
import { onAbort } from "../../../client/sdk/abort.js";
import { topic } from "../../../client/sdk/topic.js";
import { settle } from "../../../client/testing/test-clock.js";
import type { LogwheelError } from "../../../proto/kernel/errors.js";
import { FakeCluster } from "../../support/fake-cluster.js";

describe("waiting for a signal", () => {
  it("everybody who waits is called once, whoever has taken it back is not", () => {
    const stop = new AbortController();
    const called: string[] = [];
    onAbort(stop.signal, () => called.push("a"));
    const off = onAbort(stop.signal, () => called.push("b"));
    onAbort(stop.signal, () => called.push("c"));
    off();
    stop.abort();
    stop.abort();
    expect(called).to.deep.equal(["a", "c"]);
  });

  it("a thousand sends that share a signal share its listener, and all of them end with it", async () => {
    const cluster = new FakeCluster();
    const broker = cluster.broker("a");
    broker.onFrame = () => {};
    cluster.names.setTopic("orders", { a: 1 });
    const producer = cluster.producer();
    const stop = new AbortController();
    const { signal } = stop;
    const send = (): Promise<string> =>
      producer.send({ topic: topic("orders"), body: Buffer.from("x") }, { signal }).then(
        () => "ok",
        (thrown: LogwheelError) => thrown.code,
      );
    const sends = Array.from({ length: 1_000 }, send);
    await settle();
    expect(getEventListeners(signal, "abort")).to.have.length(1);
    stop.abort();
    expect(new Set(await Promise.all(sends))).to.deep.equal(new Set(["ABORTED"]));
    await producer.close({ drain: false });
  });
});
