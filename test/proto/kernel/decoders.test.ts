import { describeDecoders } from "../../chaos/decoders.js";

describeDecoders({ cases: 1_000 });
