import { describeTransactionFaults } from "../../chaos/transaction-faults.js";

describeTransactionFaults({ seeds: 2 });
