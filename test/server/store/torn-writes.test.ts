import { describeTornWrites } from "../../chaos/torn-writes.js";

describeTornWrites({ stride: 23 });
