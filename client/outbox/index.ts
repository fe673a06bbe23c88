export { createInbox, createOutbox } from "./create.js";
export { parametersKey } from "./message-key.js";
export { type MysqlConnection, mysql } from "./mysql.js";
export { type PostgresClient, postgres } from "./postgres.js";
export { type SqliteDatabase, sqlite } from "./sqlite.js";
export { OUTBOX_ID } from "./stored-message.js";
export { outboxTables, type TableNames } from "./tables.js";
export type * from "./types.js";
