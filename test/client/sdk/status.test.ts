import { expect } from "chai";
import { STATUS_BEHIND_MAX, StatusFeed } from "../../../client/sdk/status.js";
import type { Status } from "../../../client/sdk/types.js";
import { settle } from "../../../client/testing/test-clock.js";

const changed = (topic: string): Status => ({ type: "route-changed", topic });

describe("status feed", () => {
  it("gives every reader everything from its beginning on", async () => {
    const feed = new StatusFeed();
    const first = feed.read();
    feed.emit(changed("a"));
    const second = feed.read();
    feed.emit(changed("b"));
    expect((await first.next()).value).to.deep.equal(changed("a"));
    expect((await first.next()).value).to.deep.equal(changed("b"));
    expect((await second.next()).value).to.deep.equal(changed("b"));
  });

  it("a reader that waits gets the next event; closing ends all readers", async () => {
    const feed = new StatusFeed();
    const reader = feed.read();
    const waiting = reader.next();
    feed.emit(changed("a"));
    expect((await waiting).value).to.deep.equal(changed("a"));
    const last = reader.next();
    feed.close();
    expect((await last).done).to.equal(true);
    expect((await feed.read().next()).done).to.equal(true);
  });

  it("drops the oldest events for a reader that is too far behind", async () => {
    const feed = new StatusFeed();
    const reader = feed.read();
    for (let i = 0; i < STATUS_BEHIND_MAX + 5; i++) feed.emit(changed(String(i)));
    expect((await reader.next()).value).to.deep.equal(changed("5"));
  });

  it("leaving a loop ends the reader", async () => {
    const feed = new StatusFeed();
    const reader = feed.read();
    const seen: Status[] = [];
    const loop = (async () => {
      for await (const status of reader) {
        seen.push(status);
        break;
      }
    })();
    await settle();
    feed.emit(changed("a"));
    await loop;
    feed.emit(changed("b"));
    expect(seen).to.have.length(1);
    expect((await reader.next()).done).to.equal(true);
  });
});
