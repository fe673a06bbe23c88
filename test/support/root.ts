import { fileURLToPath } from "node:url";

/** Folder of the repository, ending in a slash: three levels above this file's compiled form. */
export const root = fileURLToPath(new URL("../../../", import.meta.url));
