import { expect } from "chai";
import type { Status__Output } from "../../../proto/gen/apache/rocketmq/v2/Status.js";
import type { AnyMethod, Channel } from "../../../proto/kernel/channel.js";
import { MESSAGING } from "../../../proto/kernel/rocketmq-contract.js";
import { GatewayWorld } from "../../support/gateway-world.js";

const TWELVE_HOURS_MS = 43_200_000;
const [ILLEGAL_TOPIC, ILLEGAL_GROUP] = [40002, 40003] as const;

interface Names {
  readonly topic?: string;
  readonly group?: string;
}

/** Calls by what they name. */
const CALLS: readonly (readonly [
  name: keyof typeof MESSAGING,
  named: "topic" | "group" | "both",
  request: (names: Required<Names>) => object,
])[] = [
  ["queryRoute", "topic", ({ topic }) => ({ topic: { name: topic } })],
  ["queryOffset", "topic", ({ topic }) => onQueue(topic)],
  ["recallMessage", "topic", ({ topic }) => ({ topic: { name: topic }, recallHandle: "x" })],
  ["endTransaction", "topic", ({ topic }) => ({ topic: { name: topic }, transactionId: "x" })],
  ["sendMessage", "topic", ({ topic }) => ({ messages: [plain(topic)] })],
  ["queryAssignment", "both", both],
  ["ackMessage", "both", (names) => ({ ...both(names), entries: [{ receiptHandle: "x" }] })],
  [
    "changeInvisibleDuration",
    "both",
    (names) => ({ ...both(names), receiptHandle: "x", invisibleDuration: span(1_000) }),
  ],
  ["forwardMessageToDeadLetterQueue", "both", (names) => ({ ...both(names), receiptHandle: "x" })],
  ["receiveMessage", "both", (names) => ({ ...poll(names), invisibleDuration: span(10_000) })],
  ["pullMessage", "both", poll],
  ["getOffset", "both", (names) => ({ ...onQueue(names.topic), group: { name: names.group } })],
  ["updateOffset", "both", (names) => ({ ...onQueue(names.topic), group: { name: names.group } })],
];

describe("the limits of calls", () => {
  let world: GatewayWorld;

  before(async () => {
    world = await GatewayWorld.start();
    for (const name of ["orders", text(126), text(127), "a|b", "shop%orders"])
      await world.createTopic({ name });
  });
  after(() => world.close());

  for (const [name, named, request] of CALLS) {
    if (named !== "group")
      it(`of ${name} are those of the names of topics`, async () => {
        for (const [topic, legal] of names(127, [
          "TBW102",
          "SCHEDULE_TOPIC_XXXX",
          "RMQ_SYS_x",
          "rmq_sys_x",
        ])) {
          const code = await codeOf(name, request({ topic, group: "readers" }));
          if (legal) expect(code, topic).to.not.equal(ILLEGAL_TOPIC);
          else expect(code, topic).to.equal(ILLEGAL_TOPIC);
        }
      });
    if (named !== "topic")
      it(`of ${name} are those of the names of groups`, async () => {
        for (const [group, legal] of names(120, ["CID_RMQ_SYS_x"])) {
          const code = await codeOf(name, request({ topic: "orders", group }));
          if (legal) expect(code, group).to.not.equal(ILLEGAL_GROUP);
          else expect(code, group).to.equal(ILLEGAL_GROUP);
        }
      });
  }

  it("of names end where a topic can still be sent to and a group can still commit", async () => {
    for (const topic of [text(126), text(127), "a|b"]) {
      expect(await codeOf("sendMessage", { messages: [plain(topic)] }), topic).to.equal(20000);
      expect(await codeOf("queryRoute", { topic: { name: topic } }), topic).to.equal(20000);
    }
    for (const name of [text(119), text(120), "g|%_-9"])
      expect(await codeOf("updateOffset", { ...onQueue("orders"), group: { name } }), name).to.equal(20000);
  });

  it("of a name count its namespace", async () => {
    for (const [resourceNamespace, name, code] of [
      ["shop", "orders", 20000],
      [text(63), text(63), 40402],
      [text(63), text(64), 40002],
    ] as const)
      expect(await codeOf("queryRoute", { topic: { resourceNamespace, name } })).to.equal(code);
  });

  it("of names hold for a client that is heard, once it has told what it is", async () => {
    for (const call of ["heartbeat", "notifyClientTermination"] as const) {
      const channel = world.to("a", { "x-mq-client-id": call });
      expect(await codeOf(call, { group: { name: "readers" } }, channel)).to.equal(40015);
      const stream = channel.open(MESSAGING.telemetry);
      const answered = new Promise((resolve) => stream.listen({ message: resolve, close: () => {} }));
      stream.write({ settings: { subscription: { group: { name: "readers" } } } });
      await world.cluster.advance(answered);
      for (const [group, legal] of names(120, ["CID_RMQ_SYS_x"]).toReversed()) {
        if (legal || group === "") continue;
        expect(await codeOf(call, { group: { name: group } }, channel), group).to.equal(ILLEGAL_GROUP);
      }
      expect(await codeOf(call, { group: { name: "" } }, channel)).to.equal(20000);
      stream.end();
    }
  });

  it("let a client be heard that says its type, although it has told nothing since a restart", async () => {
    const channel = world.to("a", { "x-mq-client-id": "back" });
    for (const [group, code] of [
      ["readers", 20000],
      ["CID_RMQ_SYS_x", ILLEGAL_GROUP],
    ] as const)
      expect(await codeOf("heartbeat", { group: { name: group }, clientType: 2 }, channel)).to.equal(code);
  });

  it("of settings are those of the names of groups", async () => {
    for (const [group, legal] of names(120, ["CID_RMQ_SYS_x"])) {
      const stream = world.to().open(MESSAGING.telemetry);
      const answered = new Promise<{ status?: Status__Output | null }>((resolve) =>
        stream.listen({ message: resolve, close: () => {} }),
      );
      stream.write({ settings: { subscription: { group: { name: group } } } });
      const { status } = await world.cluster.advance(answered);
      expect(status?.code, group).to.equal(legal ? 20000 : ILLEGAL_GROUP);
      stream.end();
    }
  });

  it("take no call of a client without an id", async () => {
    const anonymous = world.to("a", { "x-mq-client-id": "" });
    for (const name of Object.keys(MESSAGING) as (keyof typeof MESSAGING)[]) {
      if (name !== "telemetry") expect(await codeOf(name, {}, anonymous), name).to.equal(40017);
    }
  });

  it("of receiving are 1 to 32 messages, and 10 s to 12 h", async () => {
    await world.createTopic({ name: "batches" });
    for (let n = 0; n < 2; n++)
      await world.send(...Array.from({ length: 128 }, () => world.message("batches", "body")));
    for (const [batchSize, count] of [
      [-1, 1],
      [0, 1],
      [1, 1],
      [31, 31],
      [32, 32],
      [33, 32],
      [50, 32],
    ] as const) {
      const request = { ...poll({ topic: "batches", group: "readers" }), batchSize };
      const frames = await world.frames(MESSAGING.receiveMessage, {
        ...request,
        invisibleDuration: span(30_000),
        longPollingTimeout: span(5_000),
      });
      expect(frames.filter(({ message }) => message != null).length, `${batchSize}`).to.equal(count);
    }
    for (const [ms, code] of [
      [-1, 40011],
      [0, 40011],
      [9_999, 40011],
      [10_000, 40401],
      [TWELVE_HOURS_MS, 40401],
      [TWELVE_HOURS_MS + 1, 40011],
    ] as const)
      for (const [autoRenew, expected] of [
        [false, code],
        [true, 40401],
      ] as const) {
        const request = { ...poll({ topic: "orders", group: "waiters" }), autoRenew };
        const actual = await codeOf("receiveMessage", { ...request, invisibleDuration: span(ms) });
        expect(actual, `${ms} ${autoRenew}`).to.equal(expected);
      }
  });

  it("of hiding a message are 0 to 12 h; the handle is never empty", async () => {
    await world.createTopic({ name: "hidden" });
    await world.send(world.message("hidden", "body"));
    const names = { topic: "hidden", group: "readers" };
    const frames = await world.frames(MESSAGING.receiveMessage, {
      ...poll(names),
      invisibleDuration: span(30_000),
      longPollingTimeout: span(5_000),
    });
    let receiptHandle = frames[1]!.message!.systemProperties!.receiptHandle!;
    for (const [ms, code] of [
      [-1, 40011],
      [TWELVE_HOURS_MS + 1, 40011],
      [TWELVE_HOURS_MS, 20000],
      [TWELVE_HOURS_MS - 1, 20000],
      [1, 20000],
    ] as const) {
      const request = { ...both(names), receiptHandle, invisibleDuration: span(ms) };
      const answer = await world.ask(MESSAGING.changeInvisibleDuration, request);
      expect(answer.status?.code, `${ms}`).to.equal(code);
      expect(answer.receiptHandle).to.not.equal("");
      ({ receiptHandle } = answer);
    }
  });

  it("take no receipt that was not given, and no acknowledgement of nothing", async () => {
    const named = both({ topic: "orders", group: "readers" });
    for (const receiptHandle of ["", " ", "x"]) {
      expect(await codeOf("ackMessage", { ...named, entries: [{ receiptHandle }] })).to.equal(40013);
      expect(await codeOf("forwardMessageToDeadLetterQueue", { ...named, receiptHandle })).to.equal(40013);
      const hide = { ...named, receiptHandle, invisibleDuration: span(0) };
      expect(await codeOf("changeInvisibleDuration", hide)).to.equal(40013);
    }
    expect(await codeOf("ackMessage", named)).to.equal(40000);
    expect(await codeOf("recallMessage", { topic: { name: "orders" }, recallHandle: "" })).to.equal(40000);
  });

  it("take no filter that is none", async () => {
    for (const [type, expression] of [
      [1, "a ||"],
      [1, "a || *"],
      [1, text(128)],
      [2, "n >"],
      [2, "("],
    ] as const) {
      const request = { ...poll({ topic: "orders", group: "filters" }), longPollingTimeout: span(5_000) };
      const filtered = { ...request, filterExpression: { type, expression }, autoRenew: true };
      expect(await codeOf("receiveMessage", filtered), expression).to.equal(40010);
    }
  });

  /** Of the first frame, or of the answer. */
  async function codeOf(name: keyof typeof MESSAGING, request: object, channel?: Channel): Promise<unknown> {
    const method: AnyMethod = MESSAGING[name];
    const answer = method.kind === "stream" ? await world.frames(method, request, channel) : undefined;
    const { status } = answer === undefined ? await world.ask(method, request, channel) : answer[0];
    return status.code;
  }
});

/** Names at the limits, and whether they are legal. */
function names(lengthMax: number, reserved: readonly string[]): [name: string, legal: boolean][] {
  const legal = ["x", text(lengthMax - 1), text(lengthMax), "aZ09_-", "a%b", "a|b", "tbw102", "RMQ"];
  const illegal = ["", " ", text(lengthMax + 1), "a b", "a.b", "a/b", "a\0", "ä", "日", "a\n", ...reserved];
  return [
    ...legal.map((name): [string, boolean] => [name, true]),
    ...illegal.map((name): [string, boolean] => [name, false]),
  ];
}

function text(length: number): string {
  return "x".repeat(length);
}

function span(ms: number) {
  const seconds = Math.trunc(ms / 1_000);
  return { seconds, nanos: (ms - seconds * 1_000) * 1e6 };
}

function both({ topic, group }: Required<Names>) {
  return { topic: { name: topic }, group: { name: group } };
}

function onQueue(topic: string) {
  return { messageQueue: { topic: { name: topic }, id: 0, broker: { name: "a" } } };
}

function poll({ topic, group }: Required<Names>) {
  return {
    ...onQueue(topic),
    group: { name: group },
    batchSize: 1,
    longPollingTimeout: { seconds: 0, nanos: 1e6 },
  };
}

function plain(topic: string) {
  return {
    topic: { name: topic },
    body: Buffer.from("x"),
    systemProperties: { messageId: "x", messageType: 1 },
  };
}
