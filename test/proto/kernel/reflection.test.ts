import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";
import { expect } from "chai";
import { TestClock } from "../../../client/testing/test-clock.js";
import type { ServerReflectionRequest } from "../../../proto/gen/grpc/reflection/v1/ServerReflectionRequest.js";
import { ADMIN } from "../../../proto/kernel/admin-contract.js";
import { BROKER, NAME_SERVER, SERVICE_NAME } from "../../../proto/kernel/contract.js";
import { readDescriptor } from "../../../proto/kernel/descriptor.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { MemoryNetwork } from "../../../proto/kernel/memory-channel.js";
import { reflection, reflectionService } from "../../../proto/kernel/reflection.js";
import { writeVarint } from "../../../proto/kernel/wire.js";
import { Recorder } from "../../support/recorder.js";

const PACKAGES = ["grpc.reflection.v1", "grpc.reflection.v1alpha"] as const;

/** The files as one FileDescriptorSet. */
function setOf(files: readonly Buffer[]): Buffer {
  return Buffer.concat(
    files.flatMap((file) => {
      const head = Buffer.alloc(6);
      head[0] = 0x0a;
      return [head.subarray(0, writeVarint(head, 1, file.length)), file];
    }),
  );
}

describe("reflection", () => {
  async function ask(request: ServerReflectionRequest, name: (typeof PACKAGES)[number] = PACKAGES[0]) {
    const network = new MemoryNetwork({ clock: new TestClock(), logger: silentLogger });
    network.serve("a:1", reflection(Object.values(SERVICE_NAME)));
    const stream = network.connect("a:1").open(reflectionService(name).info);
    const client = new Recorder(stream);
    stream.write(request);
    stream.end();
    await client.over();
    expect(client.error).to.equal(null);
    expect(client.messages.length).to.equal(1);
    return client.messages[0]!;
  }

  for (const name of PACKAGES)
    it(`lists what is served, asked as ${name}`, async () => {
      const { listServicesResponse } = await ask({ listServices: "*" }, name);
      expect(listServicesResponse?.service.map((service) => service.name)).to.have.members([
        "logwheel.v1.Broker",
        "logwheel.v1.Admin",
        "logwheel.v1.NameServer",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
      ]);
    });

  for (const symbol of [
    "logwheel.v1.Broker",
    "logwheel.v1.Broker.Send",
    "logwheel.v1.Message",
    "logwheel.v1.TopicType",
    "logwheel.v1.Message.PropertiesEntry",
    "grpc.health.v1.HealthCheckResponse.ServingStatus",
    "grpc.reflection.v1alpha.ServerReflection",
  ])
    it(`gives the file that declares ${symbol} with all that it imports`, async () => {
      const { fileDescriptorResponse } = await ask({ fileContainingSymbol: symbol });
      const loaded = loadFileDescriptorSetFromBuffer(
        setOf(fileDescriptorResponse?.fileDescriptorProto ?? []),
      );
      const declared = symbol.replace(/\.(Send|PropertiesEntry|ServingStatus)$/, "");
      expect(Object.keys(loaded)).to.include(declared);
    });

  it("gives files by name, in the bytes that protoc wrote", async () => {
    const original = readDescriptor().find(({ name }) => name === "logwheel/v1/broker.proto");
    const { fileDescriptorResponse } = await ask({ fileByFilename: "logwheel/v1/broker.proto" });
    expect(fileDescriptorResponse?.fileDescriptorProto[0]?.equals(original!.bytes)).to.equal(true);
    expect(fileDescriptorResponse?.fileDescriptorProto.length).to.equal(2);
  });

  it("answers what it does not know with an error in the reply, not with the end of the stream", async () => {
    for (const request of [
      { fileByFilename: "no.proto" },
      { fileContainingSymbol: "no.Such" },
      { allExtensionNumbersOfType: "no.Such" },
      { fileContainingExtension: { containingType: "logwheel.v1.Message", extensionNumber: 7 } },
    ])
      expect((await ask(request)).errorResponse?.errorCode).to.equal(5);
    expect((await ask({})).errorResponse?.errorCode).to.equal(12);
    const numbers = await ask({ allExtensionNumbersOfType: "logwheel.v1.Message" });
    expect(numbers.allExtensionNumbersResponse?.extensionNumber).to.deep.equal([]);
  });

  it("knows every method that is served", () => {
    const symbols = new Set(readDescriptor().flatMap((file) => file.symbols));
    for (const service of [BROKER, ADMIN, NAME_SERVER])
      for (const { path } of Object.values(service))
        expect([...symbols]).to.include(path.slice(1).replace("/", "."));
  });
});
