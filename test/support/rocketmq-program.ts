import {
  ConsumeResult,
  FilterExpression,
  type MessageView,
  Producer,
  PushConsumer,
} from "rocketmq-client-nodejs";

/** What a program with RocketMQ's client for Node is told to do: its only argument, as JSON. */
export type ProgramOrders =
  | {
      readonly role: "consumer";
      readonly endpoints: string;
      readonly group: string;
      readonly topic: string;
      /** Instead of all messages: those that this expression is true of. */
      readonly sql?: string;
      /** Bodies that it fails on, always. */
      readonly failing?: readonly string[];
    }
  | {
      readonly role: "half-sender";
      readonly endpoints: string;
      readonly topic: string;
      readonly bodies: readonly string[];
    };

/** What it tells of: a message that its listener was given, or a half that it has sent and not decided. */
export interface ProgramReport {
  readonly body: string;
  readonly attempt: number;
}

/** Of the protocol: the client does not export it. */
const FILTER_SQL = 2;

const silent = { debug() {}, info() {}, warn() {}, error() {} };

async function work(orders: ProgramOrders): Promise<void> {
  const { endpoints, topic } = orders;
  const common = { endpoints, namespace: "", logger: silent };
  if (orders.role === "consumer") {
    const { group, sql, failing = [] } = orders;
    const filter = sql === undefined ? "*" : new FilterExpression(sql, FILTER_SQL);
    const consumer = new PushConsumer({
      ...common,
      consumerGroup: group,
      subscriptions: new Map([[topic, filter]]),
      messageListener: {
        async consume(view) {
          report(view.body, view.deliveryAttempt);
          return failing.includes(view.body.toString()) ? ConsumeResult.FAILURE : ConsumeResult.SUCCESS;
        },
      },
    });
    await consumer.startup();
    return;
  }
  const checker = { check: async (): Promise<0> => 0 };
  const producer = new Producer({ ...common, topic, checker });
  await producer.startup();
  for (const body of orders.bodies) {
    const message = { topic, body: Buffer.from(body) };
    await producer.send(message, producer.beginTransaction());
    report(message.body, 1);
  }
}

function report(body: MessageView["body"], attempt = 0): void {
  process.send?.({ body: body.toString(), attempt } satisfies ProgramReport);
}

// It does not outlive the test.
process.once("disconnect", () => process.exit());
await work(JSON.parse(process.argv[2]!) as ProgramOrders);
