import { describeInbox } from "../../contract/inbox.js";
import { describeOutbox } from "../../contract/outbox.js";
import { describeOutboxCrashes } from "../../contract/outbox-crashes.js";
import { describeSqlite, sqliteDatabase } from "../../support/sqlite-database.js";

describeSqlite((name, open) => {
  const opened = () => sqliteDatabase(open);
  describeOutbox(`SQLite by ${name}`, opened, "one transaction at a time");
  describeInbox(`SQLite by ${name}`, opened, "one transaction at a time");
  describeOutboxCrashes(`SQLite by ${name}`, opened);
});
