import { once } from "node:events";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { expect } from "chai";
import { settle } from "../../../client/testing/test-clock.js";
import { systemClock } from "../../../proto/kernel/clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { serve } from "../../../proto/kernel/grpc-server.js";
import { Health } from "../../../proto/kernel/health.js";
import type { Listening } from "../../../proto/kernel/listening.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { protoPath } from "../../../proto/kernel/proto-codec.js";
import { reflection } from "../../../proto/kernel/reflection.js";
import { BYTES, closing, framed, GrpcPeers, request } from "../../support/grpc-peers.js";
import { failure } from "../../support/refusal.js";

describe("gRPC server", () => {
  let peers: GrpcPeers;

  beforeEach(() => {
    peers = new GrpcPeers();
  });

  afterEach(() => peers.close());

  describe("listening", () => {
    const options = { served: [], clock: systemClock, logger: silentLogger };

    it("takes any free port for port 0 and says which", async () => {
      const server = await peers.start();
      expect(server.port).to.be.above(0);
      expect(server.address).to.equal(`127.0.0.1:${server.port}`);
    });

    it("takes a name for all addresses of this machine that it stands for", async () => {
      const server = await peers.start({}, { listen: "localhost:0" });
      expect(server.address).to.equal(`localhost:${server.port}`);
      expect((await peers.channel(server).unary(BYTES.ask, Buffer.from("?"))).toString()).to.equal("?");
    });

    it("says in plain words why it cannot listen", async () => {
      const taken = await peers.start();
      const inUse = await failure(serve({ ...options, listen: taken.address }));
      expect(inUse.code).to.equal("CONFLICT");
      expect(inUse.message).to.match(/in use by another process/);
      const elsewhere = await failure(serve({ ...options, listen: "192.0.2.1:0" }));
      expect(elsewhere.code).to.equal("BAD_REQUEST");
      expect(elsewhere.message).to.match(
        /^cannot listen on 192\.0\.2\.1:0: is it an address of this machine\?/,
      );
      expect((await failure(serve({ ...options, listen: "no address" }))).code).to.equal("BAD_REQUEST");
    });
  });

  describe("versions", () => {
    function answer(version: string | null, server: Listening): Promise<grpc.ServiceError | null> {
      const client = new grpc.Client(server.address, grpc.credentials.createInsecure());
      peers.onClose(() => client.close());
      const metadata = new grpc.Metadata();
      if (version !== null) metadata.set("logwheel-protocol", version);
      const asIs = (bytes: Buffer): Buffer => bytes;
      return new Promise((resolve) => {
        client.makeUnaryRequest("/t.T/Ask", asIs, asIs, Buffer.from("x"), metadata, (error) =>
          resolve(error),
        );
      });
    }

    it("takes its own and callers that do not say, and refuses others, naming both", async () => {
      const server = await peers.start();
      expect(await answer("1", server)).to.equal(null);
      expect(await answer(null, server)).to.equal(null);
      const refused = await answer("2", server);
      expect(refused?.code).to.equal(grpc.status.UNIMPLEMENTED);
      expect(refused?.metadata.get("mq-code")).to.deep.equal(["UNSUPPORTED_VERSION"]);
      expect(refused?.details).to.match(/version 2 .* version 1/);
    });

    it("refuses streams of another version too", async () => {
      const server = await peers.start();
      const stream = request(peers.session(server), "/t.T/Talk", { "logwheel-protocol": "99" });
      const headers: Record<string, unknown>[] = [];
      stream.on("response", (sent) => headers.push(sent));
      stream.on("trailers", (sent) => headers.push(sent));
      stream.resume();
      await once(stream, "end");
      expect(headers.some((sent) => sent["mq-code"] === "UNSUPPORTED_VERSION")).to.equal(true);
    });
  });

  describe("streams whose callers give them a time", () => {
    async function statusOf(timeout: string): Promise<unknown> {
      const server = await peers.start({ talk: (stream) => stream.listen({ message() {}, close: heard }) });
      const stream = request(peers.session(server), "/t.T/Talk", { "grpc-timeout": timeout });
      let status: unknown;
      for (const event of ["response", "trailers"])
        stream.on(event, (headers) => {
          status = headers["grpc-status"];
        });
      stream.resume();
      if (timeout.endsWith("M")) {
        await once(stream, "response");
        stream.close();
      } else await once(stream, "end");
      return status;
    }
    let errors: unknown[] = [];
    const heard = (error: Error | null): void => {
      errors.push(LogwheelError.from(error).code);
    };

    beforeEach(() => {
      errors = [];
    });

    it("end when it is over, as if the caller had gone", async () => {
      expect(await statusOf("20m")).to.equal("4");
      expect(errors).to.deep.equal(["CONNECTION_LOST"]);
    });

    it("stay for sixty years, and are refused with a time that is none", async () => {
      expect(await statusOf("31535999M")).to.equal(undefined);
      expect(await statusOf("soon")).to.equal("13");
    });
  });

  describe("what breaks nothing", () => {
    it("answers on after callers that vanish in the middle of everything", async () => {
      const server = await peers.start();
      const client = peers.session(server);
      await once(client, "remoteSettings");
      for (let i = 0; i < 20; i++) {
        const stream = request(client, i % 2 === 0 ? "/t.T/Talk" : "/t.T/Ask");
        stream.write(framed(Buffer.from("x")));
      }
      await settle();
      client.destroy();
      const garbage = peers.socket(server);
      garbage.write("GET / HTTP/1.1\r\n\r\n");
      await closing(garbage);
      expect((await peers.channel(server).unary(BYTES.ask, Buffer.from("?"))).toString()).to.equal("?");
      while (server.connections() > 1) await settle();
    });

    it("refuses a body that is no gRPC message", async () => {
      const server = await peers.start();
      const client = peers.session(server);
      for (const bytes of [
        Buffer.from("07000000017f", "hex"),
        Buffer.from("00ffffffff", "hex"),
        Buffer.alloc(0),
      ]) {
        const stream = request(client, "/t.T/Ask");
        stream.resume();
        stream.end(bytes);
        await closing(stream);
      }
      expect((await peers.channel(server).unary(BYTES.ask, Buffer.from("?"))).toString()).to.equal("?");
    });
  });

  describe("tools of others", () => {
    function load(file: string) {
      return grpc.loadPackageDefinition(
        loadSync(protoPath(file), { longs: Number, enums: String, oneofs: true, keepCase: false }),
      );
    }

    it("find the standard health service, whose Watch streams one way", async () => {
      const health = new Health(["t.T"]);
      const server = await peers.start({}, { more: [health.served] });
      const loaded = load("grpc/health/v1/health.proto") as unknown as {
        grpc: { health: { v1: { Health: grpc.ServiceClientConstructor } } };
      };
      const client = new loaded.grpc.health.v1.Health(server.address, grpc.credentials.createInsecure());
      peers.onClose(() => client.close());
      const watch = client["watch"] as (request: object) => grpc.ClientReadableStream<{ status: string }>;
      const call = watch.call(client, { service: "t.T" });
      call.on("error", () => {});
      const statuses: string[] = [];
      const next = (): Promise<void> =>
        once(call, "data").then(([reply]: { status: string }[]) => void statuses.push(reply!.status));
      await next();
      health.serving = true;
      await next();
      expect(statuses).to.deep.equal(["NOT_SERVING", "SERVING"]);
      call.cancel();
      const check = client["check"] as (
        request: object,
        done: (error: grpc.ServiceError | null, reply: { status: string }) => void,
      ) => void;
      const unknown = await new Promise<grpc.ServiceError | null>((resolve) =>
        check.call(client, { service: "other" }, (error) => resolve(error)),
      );
      expect(unknown?.code).to.equal(grpc.status.NOT_FOUND);
    });

    it("find reflection", async () => {
      const server = await peers.start({}, { more: reflection(["t.T"]) });
      const loaded = load("grpc/reflection/v1alpha/reflection.proto") as unknown as {
        grpc: { reflection: { v1alpha: { ServerReflection: grpc.ServiceClientConstructor } } };
      };
      const client = new loaded.grpc.reflection.v1alpha.ServerReflection(
        server.address,
        grpc.credentials.createInsecure(),
      );
      peers.onClose(() => client.close());
      const open = client["serverReflectionInfo"] as () => grpc.ClientDuplexStream<
        object,
        { listServicesResponse: { service: { name: string }[] } }
      >;
      const call = open.call(client);
      call.write({ listServices: "" });
      const [reply] = (await once(call, "data")) as [
        { listServicesResponse: { service: { name: string }[] } },
      ];
      expect(reply.listServicesResponse.service.map(({ name }) => name)).to.include("t.T");
      call.end();
      call.resume();
      await once(call, "status");
    });
  });
});
