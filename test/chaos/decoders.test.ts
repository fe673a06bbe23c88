import { figure } from "../support/seeds.js";
import { describeDecoders } from "./decoders.js";

describeDecoders({ cases: figure(20_000, 2_000_000) });
