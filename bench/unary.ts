import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as grpc from "@grpc/grpc-js";
import { systemClock } from "../proto/kernel/clock.js";
import { serve } from "../proto/kernel/grpc-server.js";
import { silentLogger } from "../proto/kernel/logger.js";

/**
 * What a unary call costs the server that only answers it: processor time of its process, the client in another one.
 * `node dist/bench/unary.js [--calls 40000] [--runs 6] [--in-flight 64]`
 */
const PATH = "/t.T/Ask";
const REQUEST_BYTES = 1_200;
const ANSWER_BYTES = 100;
/** As many headers as a client of RocketMQ sends. */
const HEADERS = 7;

const asIs = (bytes: Buffer): Buffer => bytes;

async function server(): Promise<void> {
  const codec = { encode: asIs, decode: asIs };
  const service = { ask: { path: PATH, kind: "unary", request: codec, reply: codec } } as const;
  const handlers = { ask: (request: Buffer) => request.subarray(0, ANSWER_BYTES) };
  const { address } = await serve({
    listen: "127.0.0.1:0",
    served: [{ name: "t.T", service, handlers }],
    clock: systemClock,
    logger: silentLogger,
  });
  process.on("message", () => process.send!(process.cpuUsage()));
  process.once("disconnect", () => process.exit());
  process.send!(address);
}

/** Processor time that the server has used, in microseconds. */
async function usedBy(child: ChildProcess): Promise<number> {
  child.send("cpu");
  const [{ user, system }] = (await once(child, "message")) as [NodeJS.CpuUsage];
  return user + system;
}

async function run(child: ChildProcess, address: string, calls: number, inFlight: number) {
  const client = new grpc.Client(address, grpc.credentials.createInsecure());
  const metadata = new grpc.Metadata();
  for (let index = 0; index < HEADERS; index++) metadata.set(`x-mq-${index}`, `some-value-here-${index}`);
  const body = Buffer.alloc(REQUEST_BYTES);
  let begun = 0;
  const ask = (): Promise<void> =>
    new Promise((resolve, reject) =>
      client.makeUnaryRequest(PATH, asIs, asIs, body, metadata, (error) =>
        error === null ? resolve() : reject(error),
      ),
    );
  const slot = async (): Promise<void> => {
    while (begun++ < calls) await ask();
  };
  const [usedUs, sinceMs] = [await usedBy(child), performance.now()];
  await Promise.all(Array.from({ length: inFlight }, slot));
  const [tookMs, cpuUs] = [performance.now() - sinceMs, (await usedBy(child)) - usedUs];
  client.close();
  return { cpuUs: cpuUs / calls, rate: (calls * 1_000) / tookMs };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      calls: { type: "string", default: "40000" },
      runs: { type: "string", default: "6" },
      "in-flight": { type: "string", default: "64" },
    },
  });
  const [calls, runs, inFlight] = [values.calls, values.runs, values["in-flight"]].map(Number) as [
    number,
    number,
    number,
  ];
  const child = fork(fileURLToPath(import.meta.url), ["serve"]);
  const [address] = (await once(child, "message")) as [string];
  await run(child, address, calls / 2, inFlight);
  const found: number[] = [];
  for (let count = 1; count <= runs; count++) {
    const { cpuUs, rate } = await run(child, address, calls, inFlight);
    found.push(cpuUs);
    console.log(
      `run ${count}: ${cpuUs.toFixed(1)} µs of the server's CPU a call, ${Math.round(rate)} calls/s`,
    );
  }
  console.log(`median ${found.sort((a, b) => a - b)[runs >> 1]!.toFixed(1)} µs`);
  child.disconnect();
}

if (process.argv[2] === "serve") await server();
else await main();
