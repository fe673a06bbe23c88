import { randomUUID } from "node:crypto";
import { systemClock } from "../../proto/kernel/clock.js";
import { TableInbox } from "./inbox.js";
import { TableOutbox } from "./outbox.js";
import { TABLES } from "./tables.js";
import type { Inbox, InboxMessage, InboxOptions, Outbox, OutboxOptions } from "./types.js";

/** Names an outbox; its table is made by the statements of `outboxTables`. Throws BAD_REQUEST for a table that is no name. */
export function createOutbox({ table = TABLES.outbox }: OutboxOptions = {}): Outbox {
  return new TableOutbox({ table, clock: systemClock, random: Math.random, newId: randomUUID });
}

/** Names the inbox of a group; its table is made by the statements of `outboxTables`. Throws BAD_REQUEST for bad names. */
export function createInbox<M extends InboxMessage = InboxMessage>(options: InboxOptions<M>): Inbox<M> {
  return new TableInbox(options, randomUUID);
}
