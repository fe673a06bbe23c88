import { readSources, type SourceFile } from "../tidy/source-file.js";
import { SCENARIOS, type Scenario } from "./scenarios.js";

/** A test whose title quotes a scenario. */
export interface Quote {
  readonly id: string;
  readonly title: string;
  readonly path: string;
}

const ID = /\bA\d{1,2}-\d{2}\b/g;
/** In brackets behind a title, or before it. */
const QUOTED = / ?\((?:A\d{1,2}-\d{2}(?:, )?)+\)|^(?:A\d{1,2}-\d{2}[,:]? )+/g;
const TEXT = /"((?:\\.|[^"\\\n])*)"|`((?:\\.|[^`\\])*)`/g;

/** Titles that quote ids: every text of a test file that holds one. */
export function quotesIn(files: readonly SourceFile[]): Quote[] {
  return files.flatMap(({ path, code }) => {
    if (!path.startsWith("test/") || path.startsWith("test/support/")) return [];
    return [...code.matchAll(TEXT)].flatMap(([, plain, template]) => {
      const text = plain ?? template ?? "";
      const title = text.replaceAll(QUOTED, "").replaceAll("|", "\\|");
      return [...text.matchAll(ID)].map(([id]) => ({ id, title, path }));
    });
  });
}

/** docs/scenarios.md: the table of scenarios, and the tests that quote them. */
export async function scenariosDocument(): Promise<string> {
  const quotes = quotesIn(await readSources());
  const rows = SCENARIOS.map((scenario) => row(scenario, quotes));
  return `# Scenarios

Printed from \`test/support/scenarios.ts\` and the titles of tests by \`npm run docs\`.

What the product is asked for, one row each. A test that covers a row quotes its id in its title; where a figure counts, the command
that measures it stands in the row; the rest says what is still to come.

| id | scenario | where it stands |
| --- | --- | --- |
${rows.join("\n")}
`;
}

function row({ id, what, beside }: Scenario, quotes: readonly Quote[]): string {
  const tests = quotes
    .filter((quote) => quote.id === id)
    .map(({ title, path }) => `${path.replace(/^test\//, "").replace(/(\.test)?\.ts$/, "")}: *${title}*`)
    .sort();
  const stands = [...new Set(tests), ...(beside === undefined ? [] : [beside])];
  return `| ${id} | ${what} | ${stands.length === 0 ? "**no test yet**" : stands.join("<br>")} |`;
}
