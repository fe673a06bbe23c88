import { describeInbox } from "../contract/inbox.js";
import { describeLedger } from "../contract/ledger.js";
import { describeOutbox } from "../contract/outbox.js";
import { describeOutboxCrashes } from "../contract/outbox-crashes.js";
import { mariadbDatabase, postgresDatabase } from "../support/server-databases.js";
import { anySqlite } from "../support/sqlite-database.js";

for (const [name, open] of Object.entries({ PostgreSQL: postgresDatabase, MariaDB: mariadbDatabase })) {
  describeOutbox(name, open);
  describeInbox(name, open);
  describeOutboxCrashes(name, open);
  describeLedger(name, 15, open);
}
describeLedger("SQLite", 15, anySqlite);
