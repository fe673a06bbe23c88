import { describeStoreModel } from "../../chaos/store-model.js";

describeStoreModel({ sequences: 30 });
