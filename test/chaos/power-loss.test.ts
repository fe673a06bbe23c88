import { figure } from "../support/seeds.js";
import { describePowerLoss } from "./power-loss.js";

describePowerLoss({
  seeds: figure(10, 1_000),
  steps: 100,
  chances: 3,
  disksMin: figure(10_000, 1_000_000),
});
