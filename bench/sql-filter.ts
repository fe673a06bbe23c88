import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { encodedMessageSize, writeMessage } from "../proto/kernel/message-codec.js";
import { CONTENT_TAG, RECORD_HEAD_BYTES, writeRecordHead } from "../proto/kernel/record.js";
import { SqlFilter } from "../server/broker/sql/sql-filter.js";

/** What an SQL filter costs for each stored message that it is asked of: wall time of one thread, the message in memory. */
const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "1000000" },
    size: { type: "string", default: "1024" },
    runs: { type: "string", default: "5" },
    sql: { type: "string" },
  },
});
const [messages, size, runs] = [values.messages, values.size, values.runs].map(Number) as [
  number,
  number,
  number,
];

const FILTERS = {
  "3 conditions, 5 properties": "price > 10 AND region IN ('eu', 'us') AND channel = 'web'",
  "1 condition": "price > 10",
  "tag only": "tag = 'web'",
  patterns: "region LIKE 'e_' AND customer STARTSWITH 'c-' AND customer CONTAINS '42'",
  "20 values in a list": `price IN (${Array.from({ length: 20 }, (_, i) => i).join()})`,
};

/** Records that differ, so that no branch is always the same. */
function records(): Buffer[] {
  return Array.from({ length: 1_024 }, (_, i) => {
    const properties = {
      trace: `4bf92f3577b34da6a3ce929d0e0e${1_000 + i}`,
      customer: `c-${i * 7}`,
      price: String(i % 3 === 0 ? i / 4 : i % 20),
      region: ["eu", "us", "ap"][i % 3]!,
      channel: i % 2 === 0 ? "web" : "app",
    };
    const message = {
      body: Buffer.alloc(size, 0x61),
      tag: "web",
      keys: [`k${i}`],
      properties,
      bornAtMs: 1.7e12,
    };
    const bytes = Buffer.alloc(RECORD_HEAD_BYTES + encodedMessageSize(message));
    const head = {
      ...{ epoch: 1, logOffset: 0, kind: 1, topic: 1, queueId: 0, queueOffset: i, storedAtMs: 1.7e12 },
      ...{ tagHash: 0, keyHash: 0, producerId: 0, sequence: 0 },
    };
    const start = writeRecordHead(bytes, 0, head, CONTENT_TAG.MESSAGE, bytes.length - RECORD_HEAD_BYTES);
    writeMessage(message, bytes, start);
    return bytes;
  });
}

/** Microseconds for each message, and the part of them that is wanted. */
function measure(filter: SqlFilter, all: readonly Buffer[]): { us: number; wanted: number } {
  let wanted = 0;
  const startedMs = performance.now();
  for (let i = 0; i < messages; i++) {
    const record = all[i & 1_023]!;
    if (filter.wants(record, 0, record.length)) wanted++;
  }
  return { us: ((performance.now() - startedMs) * 1_000) / messages, wanted: wanted / messages };
}

const all = records();
const filters = values.sql === undefined ? FILTERS : { given: values.sql };
for (const [name, sql] of Object.entries(filters)) {
  const filter = SqlFilter.parse(sql);
  const results = Array.from({ length: runs + 1 }, () => measure(filter, all)).slice(1);
  const us = results.map((result) => result.us).sort((a, b) => a - b)[runs >> 1]!;
  console.log(
    `${name}: ${us.toFixed(3)} us for a message, median of ${runs}; ${(results[0]!.wanted * 100).toFixed(1)} % wanted: ${sql}`,
  );
}
