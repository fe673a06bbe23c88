import { parseArgs } from "node:util";
import { HpackDecoder } from "../proto/http2/hpack-decoder.js";
import { HpackPeer } from "../test/support/hpack-peer.js";

/**
 * What reading the header block of a call costs: processor time, the bytes in memory. Of twelve headers nine come out
 * of a table, until new ones have driven them out of it; three are new each time, 25 characters in Huffman's code.
 * `node dist/bench/hpack.js [--rounds 100] [--runs 9]`
 */
const { values } = parseArgs({
  options: { rounds: { type: "string", default: "100" }, runs: { type: "string", default: "9" } },
});
const [rounds, runs] = [values.rounds, values.runs].map(Number) as [number, number];

const BLOCKS = 4_096;
const OPTIONS = { tableBytesMax: 4_096, listBytesMax: 16_384 };
/** `:method: POST` and `:scheme: http`, which every table has. */
const STATIC = Buffer.from([0x83, 0x86]);
const SAME = [
  [":authority", "broker.example:10911"],
  [":path", "/apache.rocketmq.v2.MessagingService/SendMessage"],
  ["content-type", "application/grpc"],
  ["te", "trailers"],
  ["user-agent", "grpc-go/1.62.0"],
  ["x-mq-language", "GO"],
  ["x-mq-client-version", "5.1.0"],
] as const;
const NEW = ["x-mq-date-time", "x-mq-request-id", "x-mq-session"];

/** The blocks of one connection, in their order. */
function blocks(): Buffer[] {
  const peer = new HpackPeer(OPTIONS.tableBytesMax);
  return Array.from({ length: BLOCKS }, (_, index) => {
    const same = SAME.map(([name, value]) => peer.field(name, value, "indexed", true));
    const fresh = NEW.map((name, place) => {
      const value = `20261130T055812Z-${index * NEW.length + place}`.padEnd(25, "k3x9q");
      return peer.field(name, value, "indexed", true);
    });
    return Buffer.concat([STATIC, ...same, ...fresh]);
  });
}

/** Nanoseconds of processor time for each block. */
function measure(all: readonly Buffer[]): number {
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round++) {
    const decoder = new HpackDecoder(OPTIONS);
    for (const block of all) {
      const { fields, malformed } = decoder.decode(block, 0, block.length);
      if (fields.size !== 12 || malformed !== undefined)
        throw new Error(`not the block that was meant: ${malformed}`);
    }
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / (rounds * all.length);
}

const all = blocks();
const results = Array.from({ length: runs + 1 }, () => measure(all)).slice(1);
const sorted = results.sort((a, b) => a - b);
const bytes = all.reduce((sum, block) => sum + block.length, 0) / all.length;
console.log(
  `${sorted[runs >> 1]!.toFixed(0)} ns for a block of 12 headers in ${bytes.toFixed(0)} bytes, median of ${runs}, lowest ${sorted[0]!.toFixed(0)}`,
);
