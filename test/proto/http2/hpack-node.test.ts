import { once } from "node:events";
import { connect } from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect } from "chai";
import fc from "fast-check";
import { HpackDecoder } from "../../../proto/http2/hpack-decoder.js";
import { FRAME, frame } from "../../support/http2-frames.js";

const PREFACE_BYTES = 24;
const HEAD_BYTES = 9;

/** The header blocks that a client sends, each in one frame of its own; settings are all that it hears. */
async function* blocksOf(socket: Socket): AsyncGenerator<Buffer> {
  socket.write(frame(FRAME.settings, 0, 0));
  let bytes = Buffer.alloc(0);
  let at = PREFACE_BYTES;
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= at + HEAD_BYTES) {
      const end = at + HEAD_BYTES + bytes.readUIntBE(at, 3);
      if (bytes.length < end) break;
      if (bytes[at + 3] === FRAME.headers) yield bytes.subarray(at + HEAD_BYTES, end);
      at = end;
    }
  }
}

/** Names again and again; values of all characters, some often enough to be sent in Huffman's code. */
const headers = fc.dictionary(
  fc.stringMatching(/^x-[a-e]{1,2}$/),
  fc.oneof(
    fc.constantFrom("application/grpc", "1"),
    fc
      .string({ unit: fc.integer({ min: 33, max: 255 }).map((code) => String.fromCharCode(code)) })
      .map((text) => `${"0".repeat(60)}${text.replaceAll("\x7f", "")}`),
  ),
);

describe("HpackDecoder and Node's client", () => {
  it("mean the same by the blocks of one connection", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    client.on("error", () => {});
    const [socket] = (await once(server, "connection")) as [Socket];
    const sent = fc.sample(headers, { numRuns: 60, seed: 7 });
    for (const [index, fields] of sent.entries())
      client.request({ ":path": `/${index % 3}`, ...fields }, { endStream: true }).on("error", () => {});
    const decoder = new HpackDecoder({ tableBytesMax: 4_096, listBytesMax: 2 ** 20 });
    try {
      let count = 0;
      for await (const block of blocksOf(socket)) {
        const { fields, malformed } = decoder.decode(block, 0, block.length);
        const {
          ":method": _,
          ":scheme": __,
          ":authority": ___,
          ":path": path,
          ...rest
        } = Object.fromEntries(fields);
        expect([path, rest, malformed]).to.deep.equal([`/${count % 3}`, { ...sent[count] }, undefined]);
        if (++count === sent.length) break;
      }
      expect(count).to.equal(sent.length);
    } finally {
      client.destroy();
      socket.destroy();
      server.close();
    }
  });
});
