import { expect } from "chai";
import fc from "fast-check";
import { ProducerWindow, WINDOW_MAX, WindowRoom } from "../../../server/store/producer-window.js";

describe("producer window", () => {
  it("tells a new sequence from one that is stored", () => {
    const window = new ProducerWindow(7);
    expect(window.find(1)).to.equal(0);
    window.add(1, 64, 5);
    window.add(3, 128, 6);
    expect([1, 2, 3, 4].map((sequence) => window.find(sequence))).to.deep.equal([64, 0, 128, 0]);
    expect(window.storedAtMs).to.equal(6);
  });

  it("answers that it does not know below its window, never that a sequence is new", () => {
    const window = new ProducerWindow(7);
    for (let sequence = 1; sequence <= WINDOW_MAX + 10; sequence++) window.add(sequence, sequence * 100, 1);
    expect(window.find(10)).to.equal(undefined);
    expect(window.find(11)).to.equal(1_100);
    expect(window.find(WINDOW_MAX + 11)).to.equal(0);
  });

  it("knows nothing of what the producer said it would not send, however high that is", () => {
    const window = new ProducerWindow(7);
    window.add(10, 100, 1);
    window.settle(1_000);
    expect([window.find(500), window.find(1_000)]).to.deep.equal([undefined, 0]);
  });

  it("forgets what the producer settled, and stays small", () => {
    const window = new ProducerWindow(7);
    for (let sequence = 1; sequence <= 100_000; sequence++) {
      window.add(sequence, sequence, 1);
      window.settle(sequence - 9);
    }
    expect(window.find(99_990)).to.equal(undefined);
    expect(window.find(99_991)).to.equal(99_991);
    expect(window.toJSON()[4].length).to.be.at.most(20);
  });

  it("forgets the oldest where all together have no room to grow, and gives its room back when it is closed", () => {
    const room = new WindowRoom(WINDOW_MAX);
    const first = new ProducerWindow(1, room);
    for (const sequence of [1, WINDOW_MAX / 2 + 1]) first.add(sequence, sequence, 1);
    expect([first.find(1), first.find(WINDOW_MAX / 2 + 1)]).to.deep.equal([1, WINDOW_MAX / 2 + 1]);
    const second = new ProducerWindow(2, room);
    for (const sequence of [1, WINDOW_MAX / 2 + 1]) second.add(sequence, sequence, 1);
    expect([second.find(1), second.find(WINDOW_MAX / 2 + 1)]).to.deep.equal([undefined, WINDOW_MAX / 2 + 1]);
    first.close();
    const third = new ProducerWindow(3, room);
    for (const sequence of [1, WINDOW_MAX / 4 + 1]) third.add(sequence, sequence, 1);
    expect(third.find(1)).to.equal(1);
  });

  it("keeps the latest sequences when it is told to, and knows nothing of the others", () => {
    const window = new ProducerWindow(1);
    for (const sequence of [5, 1, 9, 3]) window.add(sequence, sequence * 10, 1);
    window.keepLatest(4);
    expect(window.find(1)).to.equal(10);
    window.keepLatest(2);
    expect([1, 3, 4, 5, 9, 10].map((sequence) => window.find(sequence))).to.deep.equal([
      undefined,
      undefined,
      undefined,
      50,
      90,
      0,
    ]);
    window.keepLatest(0);
    expect([window.find(9), window.find(10)]).to.deep.equal([undefined, 0]);
    expect(window.size).to.deep.equal({ pairs: 0, ordered: 0 });
  });

  it("keeps the latest message with an ordering key of each queue", () => {
    const window = new ProducerWindow(7);
    window.addOrdered(3, 1, 5);
    window.addOrdered(3, 2, 6);
    window.addOrdered(4, 1, 7);
    window.dropTopic(3);
    expect([
      window.orderedBefore(3, 1),
      window.orderedBefore(3, 2),
      window.orderedBefore(4, 1),
    ]).to.deep.equal([0, 0, 7]);
  });

  it("agrees with a plain map whatever order sequences come in, also after a snapshot", () => {
    const sequences = fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 200 });
    fc.assert(
      fc.property(sequences, fc.nat({ max: 300 }), (order, settled) => {
        const window = new ProducerWindow(1);
        const model = new Map<number, number>();
        for (const sequence of order) {
          const logOffset = model.get(sequence) ?? sequence * 1_000;
          model.set(sequence, logOffset);
          window.add(sequence, logOffset, 1);
        }
        window.settle(settled);
        const again = ProducerWindow.fromJSON(JSON.parse(JSON.stringify(window)));
        for (let sequence = 1; sequence <= 301; sequence++) {
          const known = model.get(sequence) ?? 0;
          const expected = sequence < settled ? undefined : known;
          expect(window.find(sequence), `sequence ${sequence}`).to.equal(expected);
          expect(again.find(sequence), `sequence ${sequence} after a snapshot`).to.equal(expected);
        }
      }),
    );
  });
});
