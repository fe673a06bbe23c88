import { describeTornWrites } from "./torn-writes.js";

describeTornWrites({ stride: 1 });
