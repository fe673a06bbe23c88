import { PassThrough } from "node:stream";
import { expect } from "chai";
import { settle } from "../../../client/testing/test-clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { FrameFlow } from "../../../proto/kernel/frame-flow.js";
import { FRAME_HEAD_BYTES, writeFrameHead } from "../../../proto/kernel/grpc-frames.js";

function framed(text: string): Buffer {
  const frame = Buffer.alloc(FRAME_HEAD_BYTES + text.length);
  writeFrameHead(frame, text.length);
  frame.write(text, FRAME_HEAD_BYTES);
  return frame;
}

describe("FrameFlow", () => {
  function fixture(onMessage: (text: string, flow: FrameFlow) => void = () => {}) {
    const stream = new PassThrough();
    const heard: string[] = [];
    const flow: FrameFlow = new FrameFlow(stream, 100, {
      message: (message) => {
        heard.push(message.toString());
        onMessage(message.toString(), flow);
      },
      failed: (thrown) => heard.push(LogwheelError.from(thrown).code),
      caughtUp: (ended) => {
        if (ended) heard.push("end");
      },
    });
    stream.on("data", (chunk: Buffer) => flow.push(chunk));
    stream.once("end", () => flow.end());
    return { stream, heard, flow };
  }

  it("hands on nothing until it goes on, and then all of it in order", async () => {
    const { stream, heard, flow } = fixture();
    stream.write(Buffer.concat([framed("a"), framed("b")]));
    await settle();
    expect(heard).to.deep.equal([]);
    flow.resume();
    stream.end(framed("c"));
    await settle();
    await settle();
    expect(heard).to.deep.equal(["a", "b", "c", "end"]);
  });

  it("keeps their order when some come while others wait, however often it stops", async () => {
    const { stream, heard, flow } = fixture((_text, own) => own.pause());
    flow.pause();
    for (const text of ["a", "b"]) flow.push(framed(text));
    flow.resume();
    expect(heard).to.deep.equal(["a"]);
    flow.push(framed("c"));
    for (let left = 2; left > 0; left--) flow.resume();
    expect(heard).to.deep.equal(["a", "b", "c"]);
    stream.destroy();
  });

  it("stops between two messages that came together, and tells the end after the last", async () => {
    const { stream, heard, flow } = fixture((text, own) => {
      if (text === "a") own.pause();
    });
    flow.resume();
    stream.end(Buffer.concat([framed("a"), framed("b")]));
    await settle();
    expect(heard).to.deep.equal(["a"]);
    expect(flow.held).to.equal(true);
    flow.resume();
    await settle();
    await settle();
    expect(heard).to.deep.equal(["a", "b", "end"]);
    expect(flow.held).to.equal(false);
  });

  it("takes what is pressed on it while it is paused, and hands that on later", async () => {
    const { stream, heard, flow } = fixture((text, own) => {
      if (text === "a") own.pause();
    });
    flow.resume();
    stream.write(Buffer.concat([framed("a"), framed("b")]));
    await settle();
    stream.resume();
    for (const text of ["c", "d"]) stream.write(framed(text));
    await settle();
    expect(heard).to.deep.equal(["a"]);
    flow.resume();
    expect(heard).to.deep.equal(["a", "b", "c", "d"]);
  });

  it("fails a stream that ends in the middle of a message", async () => {
    const { stream, heard, flow } = fixture();
    flow.resume();
    stream.end(Buffer.concat([framed("a"), framed("bcd").subarray(0, 7)]));
    await settle();
    await settle();
    expect(heard).to.deep.equal(["a", "BAD_REQUEST"]);
  });

  it("hands on nothing more once it is stopped", async () => {
    const { stream, heard, flow } = fixture((_text, own) => own.stop());
    flow.resume();
    stream.end(Buffer.concat([framed("a"), framed("b")]));
    await settle();
    await settle();
    expect(heard).to.deep.equal(["a"]);
  });
});
