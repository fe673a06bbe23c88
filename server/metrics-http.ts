import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type Address, formatAddress, parseAddress } from "../proto/kernel/address.js";
import { LogwheelError } from "../proto/kernel/errors.js";
import type { Metrics } from "./metrics.js";

/** What is served. */
export interface MetricsHttpOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
  readonly metrics: Metrics;
  /** Why this process should get no traffic now, or null when it should. */
  readonly unready: () => string | null;
}

/** A running listener. */
export interface MetricsHttp {
  readonly address: string;
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 64;
const REQUEST_MS = 10_000;

type Answer = { readonly status: number; readonly type: string; readonly text: string };

/**
 * Serves `/metrics` for Prometheus, `/healthz` (this process lives) and `/readyz` (it should get traffic) over plain
 * HTTP on a port of its own. BAD_REQUEST when it cannot listen there.
 */
export async function serveMetrics(options: MetricsHttpOptions): Promise<MetricsHttp> {
  const server = createServer((request, response) => {
    answer(request, options)
      .catch((thrown) => plain(500, LogwheelError.from(thrown).message))
      .then((found) => write(request, response, found));
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.requestTimeout = REQUEST_MS;
  server.headersTimeout = REQUEST_MS;
  const address = await listen(server, parseAddress(options.listen));
  return { address, close: () => close(server) };
}

async function answer(request: IncomingMessage, { metrics, unready }: MetricsHttpOptions): Promise<Answer> {
  if (request.method !== "GET" && request.method !== "HEAD") return plain(405, "only GET is answered here");
  const path = (request.url ?? "/").split("?", 1)[0];
  if (path === "/metrics") return { status: 200, type: metrics.contentType, text: await metrics.expose() };
  if (path === "/healthz") return plain(200, "ok");
  if (path !== "/readyz") return plain(404, "there are /metrics, /healthz and /readyz");
  const reason = unready();
  return reason === null ? plain(200, "ready") : plain(503, reason);
}

function plain(status: number, text: string): Answer {
  return { status, type: "text/plain; charset=utf-8", text: `${text}\n` };
}

function write(request: IncomingMessage, response: ServerResponse, { status, type, text }: Answer): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text) });
  response.end(request.method === "HEAD" ? undefined : text);
}

function listen(server: Server, { host, port }: Address): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const where = formatAddress({ host, port });
      reject(
        new LogwheelError("BAD_REQUEST", `cannot serve metrics on ${where}: ${error.message}; set --metrics`),
      );
    });
    server.listen(port, host, () => {
      const bound = server.address();
      resolve(formatAddress({ host, port: typeof bound === "object" && bound !== null ? bound.port : port }));
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
