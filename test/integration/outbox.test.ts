import { describeInbox } from "../contract/inbox.js";
import { describeOutbox } from "../contract/outbox.js";
import { mariadbDatabase, postgresDatabase } from "../support/server-databases.js";

describeOutbox("PostgreSQL", postgresDatabase);
describeInbox("PostgreSQL", postgresDatabase);
describeOutbox("MariaDB", mariadbDatabase);
describeInbox("MariaDB", mariadbDatabase);
