import { createServer, connect as netConnect, type Server, type Socket } from "node:net";
import { parseAddress } from "../../proto/kernel/address.js";

/** What happens to bytes of one direction: they pass, wait for better times, or vanish. */
export type Flow = "pass" | "hold" | "drop";

/** What becomes of the next answer: it is lost with its connection, whole or from its middle on. */
export type Loss = "whole" | "half";

const FRAME_HEAD_BYTES = 9;
const FRAME_DATA = 0;

/**
 * Stands between clients and a server and does to their connections what networks do: cuts, stalls, one-way silence,
 * answers that get lost. `up` is from client to server.
 */
export class TcpProxy {
  readonly address: string;
  /** Where connections go, `host:port`; while it is empty they are cut at once. */
  target: string;
  /** New connections are cut at once. */
  refusing = false;
  /** Connections so far. */
  accepted = 0;
  /** Answers that were lost. */
  lost = 0;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #up: Flow = "pass";
  #down: Flow = "pass";
  #loss: () => Loss | null = () => null;

  private constructor(server: Server, target: string) {
    this.#server = server;
    this.target = target;
    this.address = `127.0.0.1:${(server.address() as { port: number }).port}`;
    server.on("connection", (socket) => this.#accept(socket));
  }

  /** Listens on a free port. */
  static async start(target = ""): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new TcpProxy(server, target);
  }

  get connections(): number {
    return this.#links.size;
  }

  /** What happens to bytes of both directions from now on, on old connections and new ones. */
  flow(up: Flow, down: Flow = up): void {
    this.#up = up;
    this.#down = down;
    for (const link of this.#links) link.flow(up, down);
  }

  /** Asks for every answer (an HTTP/2 frame with data of the server's) what becomes of it; null: it passes. */
  lose(loss: () => Loss | null): void {
    this.#loss = loss;
  }

  /** Ends all connections at once, without a farewell. */
  cut(): void {
    for (const link of this.#links) link.cut();
  }

  async close(): Promise<void> {
    this.refusing = true;
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    this.accepted++;
    client.on("error", () => {});
    if (this.refusing || this.target === "") {
      client.resetAndDestroy();
      return;
    }
    const { host, port } = parseAddress(this.target);
    const link = new Link(client, netConnect({ host, port, allowHalfOpen: true }), {
      loss: () => {
        const loss = this.#loss();
        if (loss !== null) this.lost++;
        return loss;
      },
      closed: () => this.#links.delete(link),
    });
    this.#links.add(link);
    link.flow(this.#up, this.#down);
  }
}

interface LinkEvents {
  loss(): Loss | null;
  closed(): void;
}

/** One connection through the proxy. */
class Link {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #events: LinkEvents;
  readonly #answers = new FrameFinder();
  #up: Flow = "pass";
  #down: Flow = "pass";

  constructor(client: Socket, server: Socket, events: LinkEvents) {
    this.#client = client;
    this.#server = server;
    this.#events = events;
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => this.cut());
      socket.on("close", () => this.cut());
    }
    client.on("data", (bytes) => this.#up === "pass" && server.write(bytes));
    server.on("data", (bytes) => this.#down === "pass" && this.#answer(bytes));
    client.on("end", () => this.#up === "pass" && server.end());
    server.on("end", () => this.#down === "pass" && client.end());
  }

  flow(up: Flow, down: Flow): void {
    this.#up = up;
    this.#down = down;
    if (up === "hold") this.#client.pause();
    else this.#client.resume();
    if (down === "hold") this.#server.pause();
    else this.#server.resume();
  }

  cut(): void {
    this.#events.closed();
    this.#client.resetAndDestroy();
    this.#server.resetAndDestroy();
  }

  #answer(bytes: Buffer): void {
    for (const at of this.#answers.find(bytes)) {
      const loss = this.#events.loss();
      if (loss === null) continue;
      if (loss === "whole") return this.cut();
      const half = at + FRAME_HEAD_BYTES + 1;
      this.#client.write(bytes.subarray(0, Math.min(half, bytes.length)), () => this.cut());
      return;
    }
    this.#client.write(bytes);
  }
}

/** Finds the frames with data in the bytes of one direction of an HTTP/2 connection, however they are cut into pieces. */
class FrameFinder {
  readonly #head = Buffer.alloc(FRAME_HEAD_BYTES);
  #headBytes = 0;
  #left = 0;

  /** Where in `bytes` such frames begin; 0 for one that began in an earlier piece. */
  find(bytes: Buffer): number[] {
    const found: number[] = [];
    for (let at = 0; at < bytes.length; ) {
      const skipped = Math.min(this.#left, bytes.length - at);
      this.#left -= skipped;
      at += skipped;
      if (this.#left > 0 || at === bytes.length) break;
      const began = at - this.#headBytes;
      const taken = bytes.copy(this.#head, this.#headBytes, at, at + FRAME_HEAD_BYTES - this.#headBytes);
      this.#headBytes += taken;
      at += taken;
      if (this.#headBytes < FRAME_HEAD_BYTES) break;
      this.#headBytes = 0;
      this.#left = this.#head.readUIntBE(0, 3);
      if (this.#head[3] === FRAME_DATA && this.#left > 0) found.push(Math.max(0, began));
    }
    return found;
  }
}
