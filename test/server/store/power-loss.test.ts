import { describePowerLoss } from "../../chaos/power-loss.js";

describePowerLoss({ seeds: 0, steps: 80, chances: 1, disksMin: 400 });
