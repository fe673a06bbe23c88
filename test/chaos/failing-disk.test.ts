import { describeFailingDisk } from "./failing-disk.js";

describeFailingDisk({ stride: 1 });
