import { expect } from "chai";
import { TestClock } from "../../../client/testing/test-clock.js";
import type { CallContext } from "../../../proto/kernel/channel.js";
import {
  CLIENT_EXPIRY_MS,
  clientIdOf,
  GatewayClients,
  namespaceOf,
} from "../../../server/gateway/clients.js";

describe("clients of the gateway", () => {
  it("are met once, with nothing told", () => {
    const { clients } = fixture();
    const client = clients.meet("a");
    expect(client).to.deep.equal({
      id: "a",
      settings: undefined,
      namespace: "",
      tell: undefined,
      heardMs: 0,
    });
    expect(clients.meet("a")).to.equal(client);
    expect(clients.heard("a")).to.equal(client);
    expect([...clients]).to.deep.equal([client]);
  });

  it("are unknown until they are met", () => {
    const { clients } = fixture();
    expect(clients.heard("a")).to.equal(undefined);
    expect([...clients]).to.deep.equal([]);
  });

  it("are heard by the clock that does not jump", async () => {
    const { clients, clock } = fixture();
    const client = clients.meet("a");
    clock.jump(3_600_000);
    await clock.advance(5);
    clients.heard("a");
    expect(client.heardMs).to.equal(5);
    await clock.advance(5);
    clients.meet("a");
    expect(client.heardMs).to.equal(10);
  });

  it("are forgotten when they were silent for longer than two minutes", async () => {
    const { clients, clock, gone } = fixture();
    await clients.start();
    clients.meet("a");
    await clock.advance(CLIENT_EXPIRY_MS);
    expect(gone).to.deep.equal([]);
    await clock.advance(9_999);
    expect(gone).to.deep.equal([]);
    await clock.advance(1);
    expect(gone).to.deep.equal(["a"]);
    expect(clients.heard("a")).to.equal(undefined);
    await clients.stop();
  });

  it("make room, when they have told too much, by those that were heard longest ago", () => {
    const gone: string[] = [];
    const clients = new GatewayClients(new TestClock(), ({ id }) => void gone.push(id), {
      count: 10,
      textBytes: 1_000,
    });
    for (const id of ["a", "b", "c"]) clients.settle(id, { language: id } as never);
    clients.settle("b", { language: "x".repeat(100) } as never);
    expect(gone).to.deep.equal([]);
    clients.settle("d", { language: "x".repeat(950) } as never);
    expect(gone).to.deep.equal(["a", "c", "b"]);
    clients.settle("d", { language: "x".repeat(2_000) } as never);
    clients.meet("e".repeat(900));
    expect(gone).to.deep.equal(["a", "c", "b", "d"]);
    expect(clients.size).to.equal(1);
  });

  it("make room, when there are too many, by the one that was heard longest ago", () => {
    const gone: string[] = [];
    const clients = new GatewayClients(new TestClock(), ({ id }) => void gone.push(id), {
      count: 2,
      textBytes: 1_000,
    });
    for (const id of ["a", "b", "a", "c"]) clients.meet(id);
    expect(gone).to.deep.equal(["b"]);
    clients.heard("a");
    clients.meet("d");
    expect(gone).to.deep.equal(["b", "c"]);
    expect(Array.from(clients, ({ id }) => id)).to.deep.equal(["a", "d"]);
  });

  it("are kept as long as they are heard", async () => {
    const { clients, clock, gone } = fixture();
    await clients.start();
    clients.meet("silent");
    clients.meet("heard");
    for (let round = 0; round < 20; round++) {
      await clock.advance("30s");
      clients.heard("heard");
    }
    expect(gone).to.deep.equal(["silent"]);
    await clients.stop();
  });

  it("are kept as long as their stream is open", async () => {
    const { clients, clock, gone } = fixture();
    await clients.start();
    const client = clients.meet("a");
    client.tell = () => {};
    await clock.advance("1h");
    expect(gone).to.deep.equal([]);
    client.tell = undefined;
    await clock.advance("10s");
    expect(gone).to.deep.equal(["a"]);
    await clients.stop();
  });

  it("end once, and are others when they come back", () => {
    const { clients, gone } = fixture();
    const client = clients.meet("a");
    clients.end(client);
    clients.end(client);
    expect(gone).to.deep.equal(["a"]);
    expect(clients.meet("a")).to.not.equal(client);
  });

  it("all end when the gateway stops, and nothing is left behind", async () => {
    const { clients, clock, gone } = fixture();
    await clients.start();
    clients.meet("a");
    clients.meet("b").tell = () => {};
    await clock.advance("25s");
    await clients.stop();
    expect(gone).to.deep.equal(["a", "b"]);
    expect([...clients]).to.deep.equal([]);
    expect(clock.waiting).to.equal(0);
  });

  it("are a hundred thousand at most: the first goes for one more", () => {
    const { clients, gone } = fixture();
    for (let index = 0; index < 99_999; index++) clients.meet(`c${index}`);
    clients.meet("last");
    expect(gone).to.deep.equal([]);
    clients.meet("c5");
    expect(gone).to.deep.equal([]);
    clients.meet("more");
    expect(gone).to.deep.equal(["c0"]);
    expect([...clients]).to.have.length(100_000);
  });
});

describe("a call's client", () => {
  it("is the last one where headers came more than once, as those of Go's client do when it tries again", () => {
    const call = callWith({ "x-mq-client-id": "a@1, a@1", "x-mq-namespace": ", , " });
    expect(clientIdOf(call)).to.equal("a@1");
    expect(namespaceOf(call)).to.equal("");
    expect(namespaceOf(callWith({ "x-mq-namespace": "shop, shop" }))).to.equal("shop");
  });

  it("is in its headers, as its namespace is", () => {
    const call = callWith({ "x-mq-client-id": "a", "x-mq-namespace": "shop" });
    expect(clientIdOf(call)).to.equal("a");
    expect(namespaceOf(call)).to.equal("shop");
  });

  it("is empty when nothing was said", () => {
    expect(clientIdOf(callWith({}))).to.equal("");
    expect(namespaceOf(callWith({}))).to.equal("");
  });
});

function fixture(): { clients: GatewayClients; clock: TestClock; gone: string[] } {
  const clock = new TestClock();
  const gone: string[] = [];
  return { clients: new GatewayClients(clock, ({ id }) => gone.push(id)), clock, gone };
}

function callWith(headers: Readonly<Record<string, string>>): CallContext {
  return { peer: "here", signal: new AbortController().signal, header: (name) => headers[name] };
}
