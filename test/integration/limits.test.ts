import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import type { Channel } from "../../proto/kernel/channel.js";
import { systemClock } from "../../proto/kernel/clock.js";
import { BROKER } from "../../proto/kernel/contract.js";
import { grpcConnect } from "../../proto/kernel/grpc-client.js";
import {
  BATCH_MESSAGES_MAX,
  FRAME_ENTRIES_MAX,
  MESSAGE_LIMITS,
  RECEIVE_BYTES_MAX,
  REQUEST_BYTES_MAX,
} from "../../proto/kernel/limits.js";
import { silentLogger } from "../../proto/kernel/logger.js";
import type { MessageInput } from "../../proto/kernel/message-codec.js";
import { encoded, fields, firstReply, outcome, padded, publishFrame, raw } from "../support/raw-calls.js";
import { ServerProcess } from "../support/server-process.js";

const connect = grpcConnect({ clock: systemClock, logger: silentLogger, random: () => 0.5 });
const CALL = { timeoutMs: 20_000 };
const x = (count: number): string => "x".repeat(count);
const list = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));
const body = Buffer.from("body");
const limits = MESSAGE_LIMITS;

function properties(count: number, bytes: number): Record<string, string> {
  const names = list(count);
  const left = bytes - names.join("").length;
  return Object.fromEntries(names.map((name, i) => [name, i === 0 ? x(left) : ""]));
}

/** What is taken at its limit, and what is refused beyond it with which code. */
const MESSAGES: [
  what: string,
  taken: Partial<MessageInput>[],
  refused: [Partial<MessageInput>, code: string][],
][] = [
  [
    "a body of 1 byte to 4 MiB",
    [1, limits.bodyBytesMax - 1, limits.bodyBytesMax].map((bytes) => ({ body: Buffer.alloc(bytes) })),
    [
      [{ body: Buffer.alloc(0) }, "BAD_REQUEST"],
      [{ body: Buffer.alloc(limits.bodyBytesMax + 1) }, "MESSAGE_TOO_LARGE"],
    ],
  ],
  [
    "a tag of 16,384 bytes, without control characters and bars",
    [16_383, 16_384].map((bytes) => ({ tag: x(bytes) })),
    [
      [{ tag: x(16_385) }, "MESSAGE_TOO_LARGE"],
      [{ tag: "a||b" }, "BAD_REQUEST"],
      [{ tag: "a\u0000" }, "BAD_REQUEST"],
      [{ tag: `${x(16_383)}ü` }, "MESSAGE_TOO_LARGE"],
    ],
  ],
  [
    "16 keys of 1 to 127 bytes",
    [{ keys: list(15) }, { keys: list(16) }, { keys: [x(126), x(127)] }],
    [
      [{ keys: list(17) }, "BAD_REQUEST"],
      [{ keys: [""] }, "BAD_REQUEST"],
      [{ keys: [x(128)] }, "MESSAGE_TOO_LARGE"],
      [{ keys: ["a\nb"] }, "BAD_REQUEST"],
    ],
  ],
  [
    "an ordering key below 64 bytes",
    [62, 63].map((bytes) => ({ orderingKey: x(bytes) })),
    [
      [{ orderingKey: x(64) }, "MESSAGE_TOO_LARGE"],
      [{ orderingKey: "a\u007f" }, "BAD_REQUEST"],
    ],
  ],
  [
    "128 properties of 16 KiB in all",
    [
      { properties: properties(127, 1_000) },
      { properties: properties(128, limits.propertyBytesMax - 1) },
      { properties: properties(128, limits.propertyBytesMax) },
    ],
    [
      [{ properties: properties(129, 1_000) }, "BAD_REQUEST"],
      [{ properties: properties(128, limits.propertyBytesMax + 1) }, "MESSAGE_TOO_LARGE"],
      [{ properties: properties(1, limits.propertyBytesMax + 1) }, "MESSAGE_TOO_LARGE"],
      [{ properties: { "a\tb": "c" } }, "BAD_REQUEST"],
      [{ properties: { a: "\r" } }, "BAD_REQUEST"],
    ],
  ],
  [
    "a host of 255 bytes",
    [254, 255].map((bytes) => ({ bornHost: x(bytes) })),
    [[{ bornHost: x(256) }, "MESSAGE_TOO_LARGE"]],
  ],
];

const HELLO = { group: "members", subscriptions: [{ topic: "limits" }] };

/** Requests without messages: what is taken, and what is refused. */
const REQUESTS: [
  what: string,
  call: (channel: Channel, value: never) => Promise<unknown>,
  taken: unknown[],
  refused: unknown[],
][] = [
  [
    "topic names of 127 letters, digits and _ % | -",
    (channel, name: string) =>
      channel.unary(ADMIN.createTopic, { topic: { name, queues: 1, type: 1 } }, CALL),
    ["a", "A_z%|-09", x(126), x(127)],
    ["", x(128), "a.b", "a/b", "a b", "ü", "a\u0000", `a\n`, "%DLQ%group", "%"],
  ],
  [
    "1 to 64 queues",
    (channel, queues: number) =>
      channel.unary(ADMIN.createTopic, { topic: { name: `queues-${queues}`, queues, type: 1 } }, CALL),
    [1, 63, 64],
    [0, 65, 2 ** 32 - 1],
  ],
  [
    "32 attributes of 1,024 characters",
    (channel, attributes: Record<string, string>) =>
      channel.unary(ADMIN.updateTopic, { name: "limits", setAttributes: attributes }, CALL),
    [
      { a: x(1_022) },
      { a: x(1_023) },
      Object.fromEntries(list(30).map((name) => [name, ""])),
      Object.fromEntries(list(31).map((name) => [name, ""])),
    ],
    [{ a: x(1_024) }, { "": "a" }, Object.fromEntries(list(32).map((name) => [name, ""]))],
  ],
  [
    "group names of 120 characters",
    (channel, name: string) => channel.unary(ADMIN.createGroup, { group: { name } }, CALL),
    ["a", x(119), x(120)],
    ["", x(121), "a/b", "a.b"],
  ],
  [
    "names of groups that acknowledge",
    (channel, group: string) =>
      channel.unary(BROKER.ack, { group, topic: "limits", queueId: 0, below: 0 }, CALL),
    ["acker", x(120)],
    ["", x(121), "../x"],
  ],
  [
    "256 subscriptions",
    (channel, count: number) =>
      hello(channel, { ...HELLO, group: `s${count}`, subscriptions: topics(count) }),
    [1, 255, 256],
    [0, 257],
  ],
  [
    "filters of 1 KiB",
    (channel, tags: string) => {
      const group = `f${tags.length}`;
      return hello(channel, { ...HELLO, group, subscriptions: [{ topic: "limits", tags }] });
    },
    [filter(1_023), filter(1_024)],
    [filter(1_025), "a || ", "a || *", "a\u0001"],
  ],
  [
    "known modes and beginnings",
    (channel, more: object) => hello(channel, { ...HELLO, group: "modes", ...more }),
    [{ mode: 0 }, { from: 2, fromMs: 1 }],
    [{ mode: 4 }, { from: 3 }, { subscriptions: [{ topic: "limits" }, { topic: "limits" }] }],
  ],
  [
    "pulls from where the queue is",
    (channel, more: object) => channel.unary(BROKER.pull, { topic: "limits", queueId: 0, ...more }, CALL),
    [{ offset: 0 }, { offset: 0, maxMessages: 2 ** 32 - 1, maxBytes: 2 ** 32 - 1 }],
    [{ offset: 2 ** 52 }, { queueId: 1 }, { tags: x(1_025) }],
  ],
];

function topics(count: number): { topic: string }[] {
  return list(count).map((id) => ({ topic: `t${id}` }));
}

function filter(bytes: number): string {
  return `${list(200).join("||")}||`.repeat(2).slice(0, bytes - 100) + x(100);
}

function hello(channel: Channel, request: object): Promise<Buffer> {
  return firstReply(channel, BROKER.consume, BROKER.consume.request.encode({ hello: request }));
}

describe("input limits, at the limit and one beyond, through gRPC", function () {
  this.timeout(60_000);
  let folder: string;
  let broker: ServerProcess;
  let channel: Channel;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-limits-"));
    broker = await start("limits");
    channel = connect(broker.address());
    await channel.unary(ADMIN.createTopic, { topic: { name: "limits", queues: 1, type: 5 } }, CALL);
  });
  after(async () => {
    channel?.close();
    await ServerProcess.killAll();
    await rm(folder, { recursive: true });
  });

  function start(name: string, ...more: string[]): Promise<ServerProcess> {
    const own = { name, namesrv: "127.0.0.1:1", listen: "127.0.0.1:0", data: join(folder, name) };
    const args = Object.entries(own).flatMap(([option, value]) => [`--${option}`, value]);
    const small = [
      "--loop-lag-ms",
      "10s",
      "--segment-bytes",
      "64MiB",
      "--disk-free-bytes-min",
      "0",
      "--disk-refuse-percent",
      "100",
    ];
    return ServerProcess.start(["server", "broker", ...args, ...small, ...more]);
  }

  async function logEnd(at = channel): Promise<number> {
    return (await at.unary(ADMIN.describeBroker, {}, CALL)).logEnd;
  }

  /** The code of a call, which has to leave the log as it is unless it succeeds. Cursors may be written meanwhile. */
  async function refusal(call: () => Promise<unknown>, at = channel): Promise<string> {
    for (let tries = 1; ; tries++) {
      const before = await logEnd(at);
      const code = await outcome(call());
      const grown = (await logEnd(at)) - before;
      if (code === "ok" || grown === 0) return code;
      expect(tries, `it was refused with ${code}, and the log grew by ${grown} bytes`).to.be.below(4);
    }
  }

  async function published(
    at: Channel,
    messages: readonly MessageInput[],
    topic = "limits",
  ): Promise<unknown> {
    const { refusals } = await publishFrame(at, topic, messages);
    if (refusals[0] !== undefined) throw refusals[0].error;
    return refusals;
  }

  const message = (more: Partial<MessageInput>): MessageInput => ({ body, ...more });
  const batch = (topic: string, messages: readonly Buffer[]): Buffer =>
    fields([1, topic], ...messages.map((each) => [5, each] as const));
  const WAYS: Record<string, (at: Channel, message: MessageInput, topic?: string) => Promise<unknown>> = {
    Send: (at, each, topic = "limits") =>
      at.unary(raw(BROKER.send), fields([1, topic], [5, encoded(each)]), CALL),
    SendBatch: (at, each, topic = "limits") =>
      at.unary(raw(BROKER.sendBatch), batch(topic, [encoded(message({})), encoded(each)]), CALL),
    Publish: (at, each, topic = "limits") => published(at, [each], topic),
  };

  for (const [way, send] of Object.entries(WAYS))
    for (const [what, taken, refused] of MESSAGES)
      it(`${way} takes ${what}, and nothing beyond`, async () => {
        for (const more of taken) expect(await refusal(() => send(channel, message(more)))).to.equal("ok");
        for (const [more, code] of refused)
          expect(await refusal(() => send(channel, message(more)))).to.equal(code);
      });

  it("takes messages up to their size with fields that it does not know", async () => {
    const bytes = encoded(message({}));
    const send = (size: number): Promise<unknown> =>
      channel.unary(raw(BROKER.send), fields([1, "limits"], [5, padded(bytes, size)]), CALL);
    for (const size of [limits.messageBytesMax - 1, limits.messageBytesMax])
      expect(await refusal(() => send(size))).to.equal("ok");
    expect(await refusal(() => send(limits.messageBytesMax + 1))).to.equal("MESSAGE_TOO_LARGE");
  });

  it("takes batches of 1 to 128 messages", async () => {
    const send = (count: number): Promise<unknown> =>
      channel.unary(
        raw(BROKER.sendBatch),
        batch(
          "limits",
          list(count).map(() => encoded(message({}))),
        ),
        CALL,
      );
    for (const count of [1, BATCH_MESSAGES_MAX - 1, BATCH_MESSAGES_MAX])
      expect(await refusal(() => send(count))).to.equal("ok");
    for (const count of [0, BATCH_MESSAGES_MAX + 1])
      expect(await refusal(() => send(count))).to.equal("BAD_REQUEST");
  });

  it("takes frames of 32,768 messages", async () => {
    const send = (count: number): Promise<unknown> =>
      published(channel, new Array(count).fill(message({ body: Buffer.from("x") })));
    for (const count of [FRAME_ENTRIES_MAX - 1, FRAME_ENTRIES_MAX])
      expect(await refusal(() => send(count))).to.equal("ok");
    expect(await refusal(() => send(FRAME_ENTRIES_MAX + 1))).to.equal("BAD_REQUEST");
  });

  it("takes gRPC messages of 16 MiB, and 1 MiB where objects are made of them", async () => {
    const send = fields([1, "limits"], [5, encoded(message({}))]);
    const ask = (size: number) => channel.unary(raw(BROKER.send), padded(send, size), CALL);
    for (const size of [RECEIVE_BYTES_MAX - 1, RECEIVE_BYTES_MAX])
      expect(await refusal(() => ask(size))).to.equal("ok");
    expect(await refusal(() => ask(RECEIVE_BYTES_MAX + 1))).to.equal("MESSAGE_TOO_LARGE");
    const describe = (size: number) =>
      channel.unary(raw(ADMIN.describeTopic), padded(fields([1, "limits"]), size), CALL);
    for (const size of [REQUEST_BYTES_MAX - 1, REQUEST_BYTES_MAX])
      expect(await refusal(() => describe(size))).to.equal("ok");
    expect(await refusal(() => describe(REQUEST_BYTES_MAX + 1))).to.equal("BAD_REQUEST");
  });

  for (const [what, call, taken, refused] of REQUESTS)
    it(`takes ${what}, and nothing beyond`, async () => {
      const ask = (value: unknown) => call(channel, value as never);
      for (const value of taken) expect(await refusal(() => ask(value)), show(value)).to.equal("ok");
      for (const value of refused)
        expect(await refusal(() => ask(value)), show(value)).to.be.oneOf([
          "BAD_REQUEST",
          "OFFSET_OUT_OF_RANGE",
          "FILTER_INVALID",
        ]);
    });

  it("refuses numbers that no double holds", async () => {
    const above = Buffer.from("8080808080808010", "hex");
    const producer = Buffer.concat([
      fields([1, "limits"]),
      Buffer.from([0x20]),
      above,
      fields([5, encoded(message({}))]),
    ]);
    expect(await refusal(() => channel.unary(raw(BROKER.send), producer, CALL))).to.equal("BAD_REQUEST");
    const offset = Buffer.concat([fields([1, "limits"]), Buffer.from([0x18]), above]);
    expect(await refusal(() => channel.unary(raw(BROKER.pull), offset, CALL))).to.equal("BAD_REQUEST");
  });

  it("has as many topics as its settings say, and makes none for what it refuses (auto-create)", async () => {
    const small = await start("small", "--topics-max", "2", "--auto-create-topics", "true");
    const at = connect(small.address());
    const bad = message({ body: Buffer.alloc(0) });
    for (const send of Object.values(WAYS))
      for (const topic of ["new", "a/b", x(128), x(100_000)])
        expect(await refusal(() => send(at, bad, topic), at)).to.equal("BAD_REQUEST");
    for (const topic of ["a/b", x(128), x(100_000)])
      for (const send of Object.values(WAYS))
        expect(await refusal(() => send(at, message({}), topic), at)).to.equal("BAD_REQUEST");
    const [send, , publish] = Object.values(WAYS);
    expect(await refusal(() => send!(at, message({}), "one"), at)).to.equal("ok");
    expect(await refusal(() => publish!(at, message({}), "two"), at)).to.equal("ok");
    for (const way of Object.values(WAYS))
      expect(await refusal(() => way(at, message({}), "three"), at)).to.equal("THROTTLED");
    at.close();
  });

  it("answers a look-up by key with at most 8 MiB and says that there is more", async () => {
    const large = message({ body: Buffer.alloc(3 << 20), keys: ["large"] });
    for (let count = 0; count < 4; count++) await WAYS["Send"]!(channel, large);
    const ask = { topic: "limits", key: "large", max: 1_024 };
    const found = await channel.unary(ADMIN.findMessages, ask, CALL);
    expect([found.records.length, found.more]).to.deep.equal([2, true]);
    const one = await channel.unary(ADMIN.findMessages, { ...ask, max: 1 }, CALL);
    expect([one.records.length, one.more]).to.deep.equal([1, true]);
  });
});

function show(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80);
}
