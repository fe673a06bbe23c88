import { figure } from "../support/seeds.js";
import { describeTransactionFaults } from "./transaction-faults.js";

describeTransactionFaults({ seeds: figure(50, 5_000) });
