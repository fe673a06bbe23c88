import { DELAY_LEVELS } from "../../proto/kernel/delay-levels.js";
import { CHECK_LIMITS } from "../../proto/kernel/limits.js";
import { ACCESS_SETTINGS } from "./access.js";
import { LISTENER_SETTINGS, PROCESS_SETTINGS } from "./process.js";
import type { Table } from "./table.js";

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const IDENTITY = {
  name: {
    kind: "string",
    default: "broker-a",
    pattern: /^[A-Za-z0-9_-]{1,63}$/,
    doc: "Name of this broker, part of every message id; unique in a cluster and kept for the life of its data.",
  },
  namesrv: {
    kind: "addresses",
    default: ["127.0.0.1:9876"],
    doc: "Name servers to register with, all of them.",
  },
  listen: {
    kind: "address",
    default: "127.0.0.1:10911",
    doc: "Where clients connect; loopback only unless told otherwise, 0.0.0.0:10911 for every interface.",
  },
  advertise: {
    kind: "address",
    default: null,
    doc: "Address under which clients find this broker; `listen` unless set, required when that is a wildcard.",
  },
  heartbeatMs: {
    kind: "duration",
    default: 3 * SECOND,
    min: 50,
    max: 5 * MINUTE,
    doc: "How often this broker shows its name servers that it lives.",
  },
  data: {
    kind: "string",
    default: "./data",
    pattern: /./,
    doc: "Folder of the log and its views, made if missing.",
  },
} as const satisfies Table;

const STORE = {
  flush: {
    kind: "choice",
    choices: ["sync", "async"],
    default: "sync",
    doc: "sync: a send is acknowledged when it is on the disk. async: when it is written; a power cut loses at most the last second, or `unflushedBytesMax`.",
  },
  flushMs: {
    kind: "duration",
    default: 500,
    min: 1,
    max: SECOND,
    doc: "What was written is flushed so much later at the latest: everything in async flush, positions of groups in sync flush.",
  },
  flushBytes: {
    kind: "bytes",
    default: 8 * MiB,
    min: 4_096,
    max: GiB,
    doc: "So much is flushed at once, without waiting for `flushMs`.",
  },
  unflushedBytesMax: {
    kind: "bytes",
    default: 64 * MiB,
    min: MiB,
    max: 4 * GiB,
    doc: "Async flush: at so much accepted and not flushed sends wait, and are refused after `sendWaitMs`.",
  },
  segmentBytes: {
    kind: "bytes",
    default: 256 * MiB,
    min: MiB,
    max: GiB,
    doc: "Size of a segment of the log; only segments that are made from now on change.",
  },
  retentionMs: {
    kind: "duration",
    default: 3 * DAY,
    min: SECOND,
    max: 3_650 * DAY,
    doc: "Messages are kept this long, read or not; a topic may have its own.",
  },
  retentionBytes: {
    kind: "bytes",
    default: null,
    min: MiB,
    max: 2 ** 50,
    doc: "Size of the log above which its oldest segments go, however young; no limit unless set.",
  },
  diskWarnPercent: {
    kind: "number",
    default: 75,
    min: 1,
    max: 99,
    doc: "Used share of the disk at which the broker warns.",
  },
  diskRefusePercent: {
    kind: "number",
    default: 90,
    min: 2,
    max: 100,
    doc: "Used share of the disk at which sends are refused; consumers go on.",
  },
  diskFreeBytesMin: {
    kind: "bytes",
    default: GiB,
    min: 0,
    max: 2 ** 50,
    doc: "Free bytes below which sends are refused, whatever the share.",
  },
  diskReserveBytes: {
    kind: "bytes",
    default: 256 * MiB,
    min: 0,
    max: 64 * GiB,
    doc: "Held back in a file once the disk fills up; given to acknowledgements and recovery when less than that is free.",
  },
  acceptDamage: {
    kind: "offsets",
    default: null,
    doc: "Start although the log is damaged in this range of offsets, as the refusal to start named it; what it held is lost.",
  },
} as const satisfies Table;

const TOPICS = {
  autoCreateTopics: {
    kind: "boolean",
    default: false,
    doc: "Make an unknown topic at its first send.",
  },
  autoCreateQueues: {
    kind: "number",
    default: 8,
    min: 1,
    max: 64,
    doc: "Queues on this broker of a topic that is made at its first send.",
  },
  topicsMax: { kind: "number", default: 10_000, min: 1, max: 100_000, doc: "Topics of this broker." },
  queuesPerTopicMax: {
    kind: "number",
    default: 64,
    min: 1,
    max: 1_024,
    doc: "Queues of one topic on this broker.",
  },
} as const satisfies Table;

const CONSUMING = {
  groupsMax: {
    kind: "number",
    default: 10_000,
    min: 1,
    max: 100_000,
    doc: "Consumer groups of this broker.",
  },
  subscriptionsMax: {
    kind: "number",
    default: 256,
    min: 1,
    max: 10_000,
    doc: "Topics that one member of a group may subscribe to.",
  },
  memberHeartbeatMs: {
    kind: "duration",
    default: 3 * SECOND,
    min: 100,
    max: 5 * MINUTE,
    doc: "How often members of groups are asked to show that they live.",
  },
  memberExpiryMs: {
    kind: "duration",
    default: 10 * SECOND,
    min: 500,
    max: 10 * MINUTE,
    doc: "Silence after which a member is taken for dead; what it had not acknowledged goes to others.",
  },
  oldReadBytes: {
    kind: "bytes",
    default: 48 * MiB,
    min: MiB,
    max: 4 * GiB,
    doc: "Bytes a second that reads of old messages (a segment and ten seconds behind) get at least, however much is published; the more, the slower publishing is beside them.",
  },
  pullWaitMsMax: {
    kind: "duration",
    default: 20 * SECOND,
    min: 0,
    max: 5 * MINUTE,
    doc: "Longest wait of a pull for its first message, however long it asks for.",
  },
} as const satisfies Table;

const LATER = {
  delayLevels: {
    kind: "durations",
    default: DELAY_LEVELS,
    doc: "Names for delays: level 1 is the first, and so on.",
  },
  delayMsMax: {
    kind: "duration",
    default: 366 * DAY,
    min: SECOND,
    max: 3_660 * DAY,
    doc: "How far ahead a message may be delivered.",
  },
  delayedMax: {
    kind: "number",
    default: 10_000_000,
    min: 1,
    max: 1_000_000_000,
    doc: "Messages that may be pending: delayed, or undecided in a transaction.",
  },
  pendingPercent: {
    kind: "number",
    default: 50,
    min: 1,
    max: 100,
    doc: "Share of `retentionBytes`, or without it of what may be used of the disk, that messages may take which are pending: delayed, or undecided in a transaction. More of them are refused.",
  },
  transactionCheckAfterMs: {
    kind: "duration",
    default: 6 * SECOND,
    ...CHECK_LIMITS.transactionCheckAfterMs,
    doc: "When the producers of a transaction are asked first how it ended. A topic's attribute of this name, in milliseconds, comes first.",
  },
  transactionCheckEveryMs: {
    kind: "duration",
    default: 30 * SECOND,
    ...CHECK_LIMITS.transactionCheckEveryMs,
    doc: "The same for every further question.",
  },
  transactionChecksMax: {
    kind: "number",
    default: 15,
    ...CHECK_LIMITS.transactionChecksMax,
    doc: "Questions about a transaction; then it is parked until somebody decides it by hand. Also an attribute of topics.",
  },
  transactionsMax: {
    kind: "number",
    default: 100_000,
    min: 1,
    max: 10_000_000,
    doc: "Undecided transactions of this broker.",
  },
} as const satisfies Table;

const GATEWAY = {
  rocketmq: {
    kind: "boolean",
    default: true,
    doc: "Serve the official clients of RocketMQ 5 on the same port: docs/rocketmq.md.",
  },
  ...ACCESS_SETTINGS,
} as const satisfies Table;

const LOAD = {
  bodyBytesMax: {
    kind: "bytes",
    default: 4 * MiB,
    min: 1,
    max: 4 * MiB,
    doc: "Largest body of a message; 4 MiB is the most that clients send.",
  },
  acceptedBytesMax: {
    kind: "bytes",
    default: 64 * MiB,
    min: MiB,
    max: 4 * GiB,
    doc: "Bytes accepted and not answered yet, of the whole broker; more is refused before it is stored.",
  },
  sendWaitMs: {
    kind: "duration",
    default: 200,
    min: 1,
    max: 10_000,
    doc: "Longest wait of a send before it is stored; after that it is refused.",
  },
  loopLagMs: {
    kind: "duration",
    default: 100,
    min: 10,
    max: 10_000,
    doc: "Delay of the event loop (what one call in a hundred of a second exceeds) above which new sends are shed: a tenth, after another such second half, then all.",
  },
} as const satisfies Table;

/** The only place where a setting of the broker is named, defaulted, bounded and explained. */
export const BROKER_SETTINGS = {
  ...IDENTITY,
  ...PROCESS_SETTINGS,
  ...STORE,
  ...TOPICS,
  ...CONSUMING,
  ...LATER,
  ...LOAD,
  ...GATEWAY,
  ...LISTENER_SETTINGS,
} as const satisfies Table;
