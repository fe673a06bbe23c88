import { describeFailingDisk } from "../../chaos/failing-disk.js";

describeFailingDisk({ stride: 17 });
