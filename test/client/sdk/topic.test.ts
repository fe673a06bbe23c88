import { expect } from "chai";
import { z } from "zod";
import { type StandardSchemaV1, topic } from "../../../client/sdk/topic.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";

const order = z.object({ id: z.string(), total: z.number() });

describe("topic", () => {
  it("is a name and, without options, bytes as they are", () => {
    const orders = topic("orders");
    const bytes = Buffer.from("x");
    expect(orders.name).to.equal("orders");
    expect(orders.codec.encode(bytes)).to.equal(bytes);
    expect(orders.codec.decode(bytes)).to.equal(bytes);
    expect(() => orders.codec.encode("text" as unknown as Buffer))
      .to.throw(LogwheelError)
      .with.property("code", "CODEC");
  });

  it("has a name that brokers accept", () => {
    for (const name of ["", "a.b", "a/b", "x".repeat(128)])
      expect(() => topic(name), name)
        .to.throw(LogwheelError)
        .with.property("code", "BAD_REQUEST");
  });

  it("with a schema is JSON that fits it, both ways", () => {
    const { codec } = topic("orders", { schema: order });
    const bytes = codec.encode({ id: "1", total: 9 });
    expect(JSON.parse(Buffer.from(bytes).toString())).to.deep.equal({ id: "1", total: 9 });
    expect(codec.decode(bytes)).to.deep.equal({ id: "1", total: 9 });
    expect(codec.contentType).to.equal("application/json");
  });

  it("refuses what does not fit, naming the place", () => {
    const { codec } = topic("orders", { schema: order });
    const bad = { id: "1", total: "nine" } as unknown as z.infer<typeof order>;
    expect(() => codec.encode(bad))
      .to.throw(LogwheelError, /total/)
      .with.property("code", "CODEC");
    expect(() => codec.decode(Buffer.from('{"id":1,"total":2}'))).to.throw(LogwheelError, /id/);
    expect(() => codec.decode(Buffer.from("{"))).to.throw();
    expect(() => codec.encode(undefined as unknown as z.infer<typeof order>)).to.throw(LogwheelError);
  });

  it("checks what consumers will read, not the value before it became JSON", () => {
    const wrong = topic("orders", { schema: z.object({ at: z.date() }) });
    expect(() => wrong.codec.encode({ at: new Date(0) }))
      .to.throw(LogwheelError)
      .with.property("code", "CODEC");
    const right = topic("orders", { schema: z.object({ at: z.coerce.date() }) });
    expect(right.codec.decode(right.codec.encode({ at: new Date(0) }))).to.deep.equal({ at: new Date(0) });
  });

  it("asks a schema that takes its time only where there is time: when a message arrives", async () => {
    const slow: StandardSchemaV1<unknown, string> = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: async (value) =>
          value === "good"
            ? { value: "good" }
            : { issues: [{ message: "not good", path: [{ key: "x" }, 0] }] },
      },
    };
    const { codec } = topic("orders", { schema: slow });
    expect(await codec.decode(codec.encode("good"))).to.equal("good");
    const thrown = await Promise.resolve(codec.decode(codec.encode("bad"))).catch((error: unknown) => error);
    expect(thrown).to.include({ code: "CODEC" });
    expect((thrown as Error).message).to.contain("x.0: not good");
  });

  it("reads text out of any view of bytes", () => {
    const { codec } = topic("orders", { schema: z.string() });
    const wide = new Uint8Array(Buffer.from('__"hé"__'));
    expect(codec.decode(wide.subarray(2, wide.length - 2))).to.equal("hé");
  });

  it("takes a codec of one's own", () => {
    const { codec } = topic<number>("numbers", {
      codec: {
        contentType: "text/plain",
        encode: (value) => Buffer.from(String(value)),
        decode: (bytes) => Number(Buffer.from(bytes)),
      },
    });
    expect(codec.decode(codec.encode(42))).to.equal(42);
  });
});
