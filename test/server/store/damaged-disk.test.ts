import { describeDamagedDisk } from "../../chaos/damaged-disk.js";

describeDamagedDisk({ flips: 300, everyBit: false, stride: 7 });
