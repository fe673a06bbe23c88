import { describeInbox } from "../../contract/inbox.js";
import { describeOutbox } from "../../contract/outbox.js";
import { describeOutboxCrashes } from "../../contract/outbox-crashes.js";
import { skip } from "../../support/skip.js";
import { SQLITE_DRIVERS, sqliteDatabase } from "../../support/sqlite-database.js";

for (const { name, open, why } of SQLITE_DRIVERS) {
  const opened = (context: Mocha.Context) => (open === null ? skip(context, why) : sqliteDatabase(open));
  describeOutbox(`SQLite by ${name}`, opened);
  describeInbox(`SQLite by ${name}`, opened);
  describeOutboxCrashes(`SQLite by ${name}`, opened);
}
