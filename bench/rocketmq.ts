import { Producer, SimpleConsumer } from "rocketmq-client-nodejs";

/**
 * What the official client of RocketMQ 5 for Node gets from a gateway: sends, each awaited, or messages that are received and
 * acknowledged one by one. Topic `bench` has to be there.
 * `node dist/bench/rocketmq.js ADDRESS send|receive MESSAGES WORKERS`
 */
const TOPIC = "bench";
const BODY_BYTES = 1_024;
const BATCH = 32;
const INVISIBLE_MS = 20_000;
const WAIT_MS = 5_000;

const [endpoints = "", verb, ...counts] = process.argv.slice(2);
const [messages = 0, workers = 0] = counts.map(Number);
const logger = { debug() {}, info() {}, warn() {}, error: console.error };
const common = { endpoints, namespace: "", logger };

let done = 0;
let begun = 0;
let lastMs = 0;

function add(): void {
  if (++done <= messages) lastMs = performance.now();
}

async function send(): Promise<void> {
  const producer = new Producer(common);
  await producer.startup();
  const body = Buffer.alloc(BODY_BYTES);
  await measure(async () => {
    while (begun++ < messages) {
      await producer.send({ topic: TOPIC, body });
      add();
    }
  });
  await producer.shutdown();
}

async function receive(): Promise<void> {
  const subscriptions = new Map([[TOPIC, "*"]]);
  const consumer = new SimpleConsumer({
    ...common,
    consumerGroup: "bench",
    subscriptions,
    awaitDuration: WAIT_MS,
  });
  await consumer.startup();
  await measure(async () => {
    while (done < messages) {
      const views = await consumer.receive(BATCH, INVISIBLE_MS);
      await Promise.all(views.map((view) => consumer.ack(view).then(add)));
    }
  });
  await consumer.shutdown();
}

/** Runs all workers at once and tells how fast they were; who receives waits for more at the end, which does not count. */
async function measure(work: () => Promise<void>): Promise<void> {
  const beganMs = performance.now();
  await Promise.all(Array.from({ length: workers }, work));
  const seconds = (lastMs - beganMs) / 1_000;
  const counted = Math.min(messages, done);
  console.log(`${counted} messages in ${seconds.toFixed(2)} s: ${(counted / seconds).toFixed(0)}/s`);
}

if (verb === "send") await send();
else if (verb === "receive") await receive();
else throw new Error("usage: rocketmq.js ADDRESS send|receive MESSAGES WORKERS");
process.exit(0);
