import { expect } from "chai";
import { emptyHeader, HEADER_BYTES, KIND } from "../../../server/store/record.js";
import { SalvagedEntries } from "../../../server/store/salvaged-entries.js";

const START = 10_000;
const TOPIC = {
  number: 1,
  name: "a",
  type: 5,
  permission: 0,
  retentionMs: 0,
  attributes: {},
  createdAtMs: 1,
};

function message(into: SalvagedEntries, queueOffset: number, position: number, topic = 1): void {
  const at = { kind: KIND.message, topic, queueOffset, logOffset: START + position, length: 100 };
  into.record({ ...emptyHeader(), ...at, tagHash: 7, keyHash: 8 }, Buffer.alloc(0), 0);
}

function json(into: SalvagedEntries, kind: number, payload: unknown): void {
  const text = Buffer.from(JSON.stringify(payload));
  const bytes = Buffer.concat([Buffer.alloc(HEADER_BYTES), text]);
  into.record({ ...emptyHeader(), kind, length: bytes.length }, bytes, 0);
}

function snapshot(into: SalvagedEntries, next: number[]): void {
  json(into, KIND.snapshot, { topics: [{ ...TOPIC, next }] });
}

/** Of each queue: topic, id, base, and its entries as `position:size`. */
function told(entries: SalvagedEntries): string[] {
  return entries.queues().map(({ topic, queueId, baseOffset, entries: numbers }) => {
    const each: string[] = [];
    for (let at = 0; at < numbers.length; at += 4) each.push(`${numbers[at]}:${numbers[at + 1]}`);
    return `${topic}/${queueId} ${baseOffset} ${each.join(" ")}`.trim();
  });
}

describe("SalvagedEntries", () => {
  it("have every queue of the snapshot and every message", () => {
    const entries = new SalvagedEntries(START);
    snapshot(entries, [5, 0]);
    message(entries, 5, 200);
    message(entries, 6, 300);
    expect(told(entries)).to.deep.equal(["1/0 5 200:100 300:100", "1/1 0"]);
  });

  it("tell what damage took from what was given up", () => {
    const entries = new SalvagedEntries(START);
    snapshot(entries, [5]);
    message(entries, 6, 200);
    entries.damage({ from: START + 300, to: START + 400 });
    message(entries, 8, 400);
    message(entries, 10, 500);
    expect(told(entries)).to.deep.equal(["1/0 5 0:0 200:100 300:1 400:100 400:0 500:100"]);
  });

  it("begin a queue at its first message where the snapshot is lost, whatever comes of its topic later", () => {
    const entries = new SalvagedEntries(START);
    entries.damage({ from: START + 64, to: START + 200 });
    message(entries, 7, 200);
    message(entries, 3, 300, 2);
    json(entries, KIND.topic, { op: "put", ...TOPIC, queues: 2 });
    message(entries, 9, 400);
    json(entries, KIND.topic, { op: "put", ...TOPIC, number: 3, name: "c", queues: 1 });
    message(entries, 50, 500, 3);
    expect(told(entries)).to.deep.equal([
      "1/0 7 200:100 200:0 400:100",
      "1/1 0",
      "2/0 3 300:100",
      "3/0 50 500:100",
    ]);
  });
});
