import { deflateSync } from "node:zlib";
import { expect } from "chai";
import { bodyText, messageJson } from "../../../client/cli/message-json.js";
import { topic } from "../../../client/sdk/topic.js";
import type { Message } from "../../../client/sdk/types.js";
import { BROKER } from "../../../proto/kernel/contract.js";
import { MemoryCluster } from "../../support/memory-cluster.js";

const BODIES: readonly (readonly [encoding: number, body: Buffer, shown: object, text: RegExp])[] = [
  [0, Buffer.from("as it is"), { body: "as it is" }, /^as it is$/],
  [1, deflateSync("unpacked"), { body: "unpacked" }, /^unpacked$/],
  [0, Buffer.from([0xff]), { bodyBase64: "/w==" }, /^base64:\/w==$/],
  [1, Buffer.from("no zlib"), { bodyBase64: "bm8gemxpYg==" }, /^base64:bm8gemxpYg== \(the compressed body/],
  [7, Buffer.from("a"), { bodyBase64: "YQ==" }, /^base64:YQ== \(the body has the encoding 7/],
];

describe("messages for people and scripts", () => {
  let cluster: MemoryCluster;
  beforeEach(async () => {
    cluster = await MemoryCluster.start();
  });
  afterEach(() => cluster.close());

  it("shows every body, also one that nobody can read, however it was found", async () => {
    const client = await cluster.connect();
    await cluster.advance(client.admin.topics.create("t", { queues: 1 }));
    const channel = cluster.network.connect("a:10911");
    for (const [encoding, body] of BODIES)
      await cluster.advance(
        channel.unary(BROKER.send, {
          topic: "t",
          message: { body, encoding: Number(encoding), keys: ["k"] },
        }),
      );
    const check = (found: readonly Message<Uint8Array>[], how: string): void => {
      expect(found, how).to.have.length(BODIES.length);
      for (const [i, [, , shown, text]] of BODIES.entries()) {
        expect(messageJson(found[i]!), how).to.include(shown);
        expect("bodyError" in messageJson(found[i]!), how).to.equal(text.source.includes("\\("));
        expect(bodyText(found[i]!), how).to.match(text);
      }
    };
    const read: Message<Uint8Array>[] = [];
    const all = async (): Promise<void> => {
      for await (const message of client.reader(topic("t"), { from: "earliest", until: "end" }))
        read.push(message);
    };
    await cluster.advance(all());
    check(read, "read");
    const get = (offset: number) => client.admin.messages.get({ topic: "t", queueId: 0, offset });
    check(await cluster.advance(Promise.all(BODIES.map((_, offset) => get(offset)))), "got");
    const { messages } = await cluster.advance(client.admin.messages.query({ topic: "t", key: "k" }));
    check(
      messages.toSorted((a, b) => a.queueOffset - b.queueOffset),
      "found",
    );
    channel.close();
  });
});
