import { writeFile } from "node:fs/promises";
import { DOCUMENTS } from "./documents.js";
import { root } from "./root.js";

for (const [path, render] of Object.entries(DOCUMENTS)) await writeFile(`${root}${path}`, await render());
