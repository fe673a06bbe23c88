import { expect } from "chai";
import { FILTER_BYTES_MAX } from "../../server/broker/filter-text.js";
import { SqlFilter } from "../../server/broker/sql/sql-filter.js";
import { TagFilter } from "../../server/broker/tag-filter.js";
import { MemoryFiles } from "../../server/disk/memory-files.js";
import { BROKER_SETTINGS } from "../../server/settings/broker.js";
import { resolve } from "../../server/settings/resolve.js";
import { Checkpoint } from "../../server/store/checkpoint.js";
import { check, emptyHeader, HEADER_BYTES, KIND, writeRecord } from "../../server/store/record.js";
import { readSegmentHeader, segmentHeader } from "../../server/store/segment.js";
import { type BlockFileKind, CONSUME_INDEX, KEY_INDEX } from "./block-file-kinds.js";
import type { Decoder } from "./decoder.js";
import { recordOf } from "./stored-record.js";

const START = 4_096;
const CHECKPOINTS = [1, 2, 3].map((number) => ({ durable: number * 1_000, epoch: number, clean: false }));

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function record(): Buffer {
  const body = Buffer.from("a message of some length, with text in it");
  const bytes = Buffer.alloc(HEADER_BYTES + body.length);
  const header = { ...emptyHeader(), kind: KIND.message, logOffset: START, epoch: 3, topic: 7, sequence: 9 };
  writeRecord(bytes, viewOf(bytes), 0, header, body, 0, body.length);
  return bytes;
}

function filesWith(name: string, bytes: Buffer): MemoryFiles {
  const files = new MemoryFiles();
  files.poke(name, bytes);
  return files;
}

async function checkpoint(): Promise<Buffer> {
  const files = new MemoryFiles();
  const written = await Checkpoint.open(files);
  for (const state of CHECKPOINTS) await written.write(state);
  return files.peek("checkpoint");
}

/** Answers as they were, or none: what is wrong is found before it is believed. */
async function blockFile(name: string, kind: BlockFileKind): Promise<Decoder> {
  const files = new MemoryFiles();
  await kind.write(files, START, 1);
  const answers = JSON.stringify(await kind.ask(files, START));
  return {
    name,
    corpus: [files.peek(kind.nameOf(START))],
    codes: ["LOG_CORRUPT"],
    run: async (bytes) => {
      const damaged = filesWith(kind.nameOf(START), bytes);
      try {
        expect(JSON.stringify(await kind.ask(damaged, START))).to.equal(answers);
      } finally {
        expect(damaged.disk.openFiles, "files left open").to.equal(0);
      }
    },
  };
}

/** What reads files of the data folder. */
export async function diskDecoders(): Promise<Decoder[]> {
  const [whole, header] = [record(), segmentHeader(START, 1 << 20)];
  return [
    {
      name: "a record",
      corpus: [whole],
      run: (bytes) => {
        const found = check(bytes, viewOf(bytes), 0, START, emptyHeader());
        expect(found === "record").to.equal(bytes.subarray(0, whole.length).equals(whole));
      },
    },
    {
      name: "the header of a segment",
      corpus: [header],
      codes: ["UNSUPPORTED_VERSION"],
      run: (bytes) => {
        const read = readSegmentHeader(bytes, "it");
        expect(read).to.be.deep.oneOf([undefined, { start: START, bytes: 1 << 20 }]);
      },
    },
    {
      name: "the checkpoint",
      corpus: [await checkpoint()],
      run: async (bytes) => {
        const read = await Checkpoint.open(filesWith("checkpoint", bytes));
        await read.close();
        expect(read.state).to.be.deep.oneOf([...CHECKPOINTS, null]);
      },
    },
    await blockFile("a consume index", CONSUME_INDEX),
    await blockFile("a key index", KEY_INDEX),
  ];
}

const SQL_FILTERS = [
  "price > 10 AND region IN ('eu', 'us')",
  "NOT (a = 'it''s' OR b <> -1.5e3) AND c IS NOT NULL OR TRUE",
  "TAGS LIKE 'a!_%' ESCAPE '!' OR \"odd name\" NOT BETWEEN .5 AND 1e2",
  "a contains 'x' and b startswith 'y' and c not endswith 'z' or urgent or n in (1, +2)",
];

const MESSAGE_RECORD = recordOf({
  body: Buffer.from("body"),
  tag: "a_b",
  properties: { price: "11", region: "eu", a: "it's", b: "y", c: "true", n: "2", "odd name": "7" },
});

/** What reads texts of people. */
export const TEXT_DECODERS: readonly Decoder[] = [
  {
    name: "a filter by tags",
    codes: ["FILTER_INVALID"],
    corpus: ["a || b", "*", "TagA||TagB || TagC"].map((text) => Buffer.from(text)),
    run: (bytes) => {
      const { expression } = TagFilter.parse(bytes.toString());
      expect(TagFilter.parse(expression).expression).to.equal(expression);
    },
  },
  {
    name: "a filter in SQL",
    codes: ["FILTER_INVALID"],
    corpus: SQL_FILTERS.map((text) => Buffer.from(text)),
    run: (bytes) => {
      const filter = SqlFilter.parse(bytes.toString());
      const { expression } = filter;
      filter.wants(MESSAGE_RECORD, 0, MESSAGE_RECORD.length);
      if (Buffer.byteLength(expression) <= FILTER_BYTES_MAX)
        expect(SqlFilter.parse(expression).expression).to.equal(expression);
    },
  },
  ...Object.entries({
    segmentBytes: ["256MiB", "1GiB", "1048576"],
    flushMs: ["500ms", "1s"],
    topicsMax: ["10000"],
    autoCreateTopics: ["true"],
    namesrv: ["127.0.0.1:9876,[::1]:9876"],
    acceptDamage: ["4096-8192"],
  }).map(
    ([key, texts]): Decoder => ({
      name: `the setting ${key}`,
      corpus: texts.map((text) => Buffer.from(text)),
      run: (bytes) => void resolve(BROKER_SETTINGS, { flags: { [key]: bytes.toString() } }, []),
    }),
  ),
];
