import { figure } from "../support/seeds.js";
import { describeStoreModel } from "./store-model.js";

describeStoreModel({ sequences: figure(1_000, 50_000) });
