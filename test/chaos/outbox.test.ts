import { describeLedger } from "../contract/ledger.js";
import { figure } from "../support/seeds.js";
import { mariadbDatabase, postgresDatabase } from "../support/server-databases.js";
import { anySqlite } from "../support/sqlite-database.js";

const rounds = figure(1_000, 20_000);

describeLedger("PostgreSQL", rounds, postgresDatabase);
describeLedger("MariaDB", rounds, mariadbDatabase);
describeLedger("SQLite", rounds, anySqlite);
