import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  type Client,
  connect,
  LogwheelError,
  type Producer,
  type Status,
  topic,
} from "../../client/index.js";
import { systemClock } from "../../proto/kernel/clock.js";
import { ServerProcess } from "../support/server-process.js";
import { type Loss, TcpProxy } from "../support/tcp-proxy.js";
import { until } from "../support/until.js";

const FREE = "127.0.0.1:0";
const numbers = topic("numbers");
const text = (body: Uint8Array): string => Buffer.from(body).toString();
const range = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => String(from + i));

describe("a client on a bad network", function () {
  this.timeout(90_000);
  let folder: string;
  let names: ServerProcess;
  let broker: ServerProcess;
  /** In front of the name server and of the broker; what reads and checks goes past them. */
  let toNames: TcpProxy;
  let toBroker: TcpProxy;
  let client: Client;
  let told: Status[];
  let made: Producer | undefined;
  const ends: (() => unknown)[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-faults-"));
    toNames = await TcpProxy.start();
    toBroker = await TcpProxy.start();
    names = await ServerProcess.start(["server", "namesrv", "--listen", FREE]);
    toNames.target = names.address();
    await startBroker(FREE);
    client = await connect({ endpoints: toNames.address, requestTimeoutMs: 1_000, logger: false });
    told = [];
    const status = client.status();
    (async () => {
      for await (const each of status) told.push(each);
    })().catch(() => {});
    await client.admin.topics.create("numbers", { queues: 2, type: "mixed" });
  });

  afterEach(async () => {
    await client?.close({ drain: false });
    made = undefined;
    await toBroker?.close();
    await toNames?.close();
    for (const end of ends.splice(0)) await end();
    await ServerProcess.killAll();
    await rm(folder, { recursive: true });
  });

  async function startBroker(listen: string): Promise<void> {
    const own = { namesrv: names.address(), listen, advertise: toBroker.address, data: folder };
    const args = Object.entries(own).flatMap(([option, value]) => [`--${option}`, value]);
    const small = ["--segment-bytes", "16MiB", "--disk-free-bytes-min", "0", "--disk-refuse-percent", "100"];
    broker = await ServerProcess.start(["server", "broker", ...args, ...small]);
    toBroker.target = listen === FREE ? (/ready at ([^\s,]+)/.exec(broker.readyLine)?.[1] ?? "") : listen;
  }

  /** Every stored body, read past the network's faults, by a client that has time. */
  async function stored(): Promise<string[]> {
    toBroker.flow("pass");
    toBroker.lose(() => null);
    const patient = await connect({ endpoints: names.address(), requestTimeoutMs: 60_000, logger: false });
    const bodies: string[] = [];
    for await (const { body } of patient.reader(numbers, { from: "earliest", until: "end" }))
      bodies.push(text(body));
    await patient.close();
    return bodies.sort((a, b) => Number(a) - Number(b));
  }

  function producer(): Producer {
    made ??= client.producer({ retry: { attempts: Number.POSITIVE_INFINITY } });
    return made;
  }

  function send(body: string): Promise<unknown> {
    return producer().send({ topic: numbers, body: Buffer.from(body) }, { timeoutMs: 30_000 });
  }
  for (const loss of ["whole", "half"] as const)
    it(`stores each message once although every other answer is lost, ${loss} (A3-05, A8-09)`, async () => {
      await send("0");
      let turn = 0;
      toBroker.lose((): Loss | null => (turn++ % 2 === 0 ? loss : null));
      for (let from = 1; from < 201; from += 20)
        await Promise.all(range(from, from + 20).map((body) => send(body)));
      await producer().flush();
      expect(toBroker.lost).to.be.at.least(10);
      expect(await stored()).to.deep.equal(range(0, 201));
    });

  for (const [up, down] of [
    ["hold", "hold"],
    ["pass", "hold"],
    ["hold", "pass"],
  ] as const)
    it(`stores each message once over a connection that stalls (up: ${up}, down: ${down})`, async () => {
      await send("0");
      toBroker.flow(up, down);
      const sends = range(1, 101).map((body) => send(body));
      await systemClock.sleep(1_500);
      toBroker.flow("pass");
      await Promise.all(sends);
      expect(await stored()).to.deep.equal(range(0, 101));
    });

  it("gives up a connection in which everything vanishes, says so, and comes back", async () => {
    await send("0");
    toBroker.flow("drop");
    const sends = range(1, 11).map((body) => send(body));
    await until("the client says that it reconnects", () => named("reconnecting", toBroker.address), 30_000);
    toBroker.flow("pass");
    toBroker.cut();
    await Promise.all(sends);
    await until("the client says that it is back", () => named("connected", toBroker.address));
    expect(await stored()).to.deep.equal(range(0, 11));
  });

  function named(type: Status["type"], endpoint: string): boolean {
    return told.some((each) => each.type === type && "endpoint" in each && each.endpoint === endpoint);
  }

  it("goes on after a broker was killed and restarted: all that was acknowledged is there, nothing twice", async () => {
    const address = toBroker.target;
    const acked: string[] = [];
    let next = 0;
    let running = true;
    const load = async (): Promise<void> => {
      while (running) {
        const body = String(next++);
        await send(body);
        acked.push(body);
      }
    };
    const loads = [load(), load(), load()];
    for (let round = 0; round < 3; round++) {
      const before = acked.length;
      await until("messages are acknowledged", () => acked.length > before + 50);
      await broker.kill();
      await startBroker(address);
    }
    running = false;
    await Promise.all(loads);
    const bodies = await stored();
    expect(bodies).to.deep.equal([...new Set(bodies)]);
    expect(acked.filter((body) => !bodies.includes(body))).to.deep.equal([]);
    expect(named("reconnecting", toBroker.address)).to.equal(true);
  });

  it("hands every message to its consumer through cuts, stalls and a restart, and no acknowledged one again", async () => {
    const address = toBroker.target;
    const handled = new Map<string, number>();
    const consumer = client.consume(numbers, { group: "readers", from: "earliest" }, async ({ body }) => {
      handled.set(text(body), (handled.get(text(body)) ?? 0) + 1);
    });
    await consumer.start();
    const ways: (() => unknown)[] = [
      () => toBroker.cut(),
      async () => {
        toBroker.flow("hold");
        await systemClock.sleep(500);
        toBroker.flow("pass");
      },
      async () => {
        await broker.kill();
        await startBroker(address);
      },
    ];
    for (const [round, way] of ways.entries()) {
      const bodies = range(round * 100, round * 100 + 100);
      const sends = Promise.all(bodies.map((body) => send(body)));
      await way();
      await sends;
      await until("all are handled", () => bodies.every((body) => handled.has(body)), 30_000);
    }
    await consumer.close();
    await send("last");
    const again = client.consume(numbers, { group: "readers", from: "earliest" }, async ({ body }) => {
      handled.set(text(body), (handled.get(text(body)) ?? 0) + 1);
    });
    const before = [...handled.values()].reduce((sum, count) => sum + count, 0);
    await again.start();
    await until("the last one is handled", () => handled.has("last"), 30_000);
    expect([...handled.values()].reduce((sum, count) => sum + count, 0)).to.equal(before + 1);
    await again.close();
  });

  it("works on known routes without a name server, and says when that is back (A14-05)", async () => {
    await send("0");
    toNames.refusing = true;
    toNames.cut();
    await Promise.all(range(1, 51).map((body) => send(body)));
    await until("it says that the name server is lost", () => named("reconnecting", toNames.address));
    told.length = 0;
    toNames.refusing = false;
    await until("it says that the name server is back", () => named("connected", toNames.address));
    await client.admin.topics.create("later", { queues: 1 });
    await producer().send({ topic: topic("later"), body: Buffer.from("x") });
    expect(await stored()).to.deep.equal(range(0, 51));
  });

  it("outlives servers that answer garbage, and goes on when the right ones are back", async () => {
    await send("0");
    const addresses = [toBroker.target, toNames.target];
    const noise = await garbageServer();
    for (const proxy of [toBroker, toNames]) {
      proxy.target = noise;
      proxy.cut();
    }
    const failed = await client
      .producer({ retry: { attempts: 3 } })
      .send({ topic: numbers, body: Buffer.from("lost") }, { timeoutMs: 3_000 })
      .catch((thrown: unknown) => thrown);
    expect(LogwheelError.is(failed), String(failed)).to.equal(true);
    const refused = await connect({ endpoints: noise, requestTimeoutMs: 500, logger: false }).catch(
      (thrown: unknown) => thrown,
    );
    expect(LogwheelError.is(refused), String(refused)).to.equal(true);
    for (const [index, proxy] of [toBroker, toNames].entries()) {
      proxy.target = addresses[index] ?? "";
      proxy.cut();
    }
    await send("1");
    await until("the name server answers the client", async () => {
      const cluster = await client.admin.cluster.describe().catch(() => null);
      return cluster?.nameServers.every(({ reachable }) => reachable);
    });
    // A connection to garbage counts as one until it breaks, so that the good one need not be told anew.
    await until("the last that it says is that the name server is back", () => {
      const ofNames = told.filter((each) => "endpoint" in each && each.endpoint === toNames.address);
      return ofNames.at(-1)?.type === "connected";
    });
    expect((await stored()).filter((body) => body !== "lost")).to.deep.equal(["0", "1"]);
  });

  /** Says something else each time, and nothing that makes sense. */
  async function garbageServer(): Promise<string> {
    let turn = 0;
    const says = [
      "HTTP/1.1 400 Bad Request\r\n\r\n",
      Buffer.alloc(4_096, 0xff),
      Buffer.from("000000040000000000ffffff0000000000", "hex"),
      "",
    ];
    const server: Server = createServer((socket) => {
      socket.on("error", () => {});
      socket.resume();
      socket.end(says[turn++ % says.length] ?? "");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ends.push(() => new Promise((resolve) => server.close(resolve)));
    return `127.0.0.1:${(server.address() as { port: number }).port}`;
  }
});
