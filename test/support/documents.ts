import { cliDocument } from "./cli-document.js";
import { configDocument } from "./config-document.js";
import { errorsDocument } from "./errors-document.js";
import { scenariosDocument } from "./scenarios-document.js";

/** The documents that are printed from tables: path and content. `npm run docs` writes them, tidy compares. */
export const DOCUMENTS: Readonly<Record<string, () => string | Promise<string>>> = {
  "docs/cli.md": cliDocument,
  "docs/config.md": configDocument,
  "docs/errors.md": errorsDocument,
  "docs/scenarios.md": scenariosDocument,
};
