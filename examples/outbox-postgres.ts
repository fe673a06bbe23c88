// Stores an order and the message about it in one transaction of PostgreSQL, and bills it once although it comes twice.
import { once } from "node:events";
import { connect, RetryLater, topic } from "logwheel/client";
import { createInbox, createOutbox, outboxTables, postgres } from "logwheel/client/outbox";
import pg from "pg";

const pool = new pg.Pool({
  connectionString: process.env["DATABASE_URL"] ?? "postgres://localhost/postgres",
});
const database = postgres(pool);
for (const statement of outboxTables("postgres")) await pool.query(statement); // your migrations do that
await pool.query("CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, total NUMERIC)");
await pool.query("CREATE TABLE IF NOT EXISTS invoices (order_id TEXT, total NUMERIC)");

const placed = topic("orders-placed");
const outbox = createOutbox();
const inbox = createInbox({ group: "billing" });
const client = await connect({ endpoints: process.env["LOGWHEEL_NAMESRV"] ?? "127.0.0.1:9876" });
const relay = outbox.relay({ producer: client.producer(), database });
relay.start();

// Both are stored, or neither is: whatever dies in between, no order is without its message.
const order = { id: `order-${Date.now()}`, total: "9.50" };
await database.transaction(async (tx) => {
  await tx.query("INSERT INTO orders (id, total) VALUES (?, ?)", [order.id, order.total]);
  await outbox.add(tx, { topic: placed, body: Buffer.from(JSON.stringify(order)), orderingKey: order.id });
});
relay.wake();
console.log("stored the order and its message");

const billed = new AbortController();
const done = once(billed.signal, "abort");
const consumer = client.consume(placed, { group: "billing", from: "earliest" }, async (message) => {
  const { id, total } = JSON.parse(Buffer.from(message.body).toString()) as typeof order;
  const { repeated } = await database.transaction((tx) =>
    inbox.once(tx, message, () =>
      tx.query("INSERT INTO invoices (order_id, total) VALUES (?, ?)", [id, total]),
    ),
  );
  if (id !== order.id) return;
  console.log(
    repeated ? `attempt ${message.attempt}: was billed before` : `attempt ${message.attempt}: billed`,
  );
  if (!repeated) throw new RetryLater(100); // as if this process died between the commit and the acknowledgement
  billed.abort();
});
await consumer.start();
await done;

const { rows } = await pool.query("SELECT COUNT(*) AS count FROM invoices WHERE order_id = $1", [order.id]);
console.log(`invoices: ${rows[0].count}`);
await relay.stop();
await client.close();
await pool.end();
