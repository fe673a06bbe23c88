import { connect, type Message, topic } from "../../client/index.js";

/** A body that compression makes smaller. */
export const LONG_TEXT = "compressed".repeat(1_000);

/** Sends texts with the Node SDK, the long ones compressed; resolves with their message ids. */
export async function sendFromNode(
  nameServer: string,
  topicName: string,
  texts: readonly string[],
): Promise<string[]> {
  const client = await connect({ endpoints: nameServer });
  try {
    const producer = client.producer({ compress: { algorithm: "zlib", minBytes: 1_000 } });
    const sends = texts.map((text) =>
      producer.send({ topic: topic(topicName), body: Buffer.from(text), tag: "node" }),
    );
    return (await Promise.all(sends)).map((receipt) => receipt.messageId);
  } finally {
    await client.close();
  }
}

/** Receives a number of messages with a push consumer of the Node SDK. */
export async function receiveWithNode(
  nameServer: string,
  topicName: string,
  count: number,
): Promise<readonly Message<Uint8Array>[]> {
  const client = await connect({ endpoints: nameServer });
  const received: Message<Uint8Array>[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const options = { group: "node-readers", from: "earliest" } as const;
      const consumer = client.consume(topic(topicName), options, (message) => {
        received.push(message);
        if (received.length === count) resolve();
      });
      consumer.start().catch(reject);
    });
    return received;
  } finally {
    await client.close();
  }
}
