import { describePowerLoss } from "../../chaos/power-loss.js";

describePowerLoss({ seeds: 0, steps: 60, chances: 1, disksMin: 400 });
