import { NIGHT } from "../support/seeds.js";
import { describeDamagedDisk } from "./damaged-disk.js";

describeDamagedDisk({ flips: 20_000, everyBit: NIGHT, stride: 1 });
