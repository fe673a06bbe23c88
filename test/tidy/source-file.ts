import { readdir, readFile } from "node:fs/promises";
import { posix } from "node:path";
import { root } from "../support/root.js";

/** One file of ours, as the rules see it. */
export interface SourceFile {
  /** From the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** The text without its comments; lines stay where they are. */
  readonly code: string;
}

/** An import of any form: `from "x"`, `import "x"`, `import("x")`. */
export interface Import {
  /** As written. */
  readonly from: string;
  /** Path of our own file that is meant, or null for a package. */
  readonly target: string | null;
  /** Only types: gone after compilation. */
  readonly typeOnly: boolean;
  /** `import("x")`: when it is reached, not when the file is loaded. */
  readonly lazy: boolean;
}

const TREES = ["proto", "server", "client", "test", "bench", "examples"];

/** Every TypeScript file of the repository but the generated ones. */
export async function readSources(): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (const tree of TREES) {
    const names = await readdir(`${root}${tree}`, { recursive: true }).catch(() => []);
    for (const name of names.sort()) {
      const path = posix.join(tree, name);
      if (!/\.[cm]?ts$/.test(path) || path.startsWith("proto/gen/")) continue;
      files.push(sourceFile(path, await readFile(`${root}${path}`, "utf8")));
    }
  }
  return files;
}

/** A file from its text, for planted samples too. */
export function sourceFile(path: string, text: string): SourceFile {
  return { path, text, code: withoutComments(text) };
}

/** What a file imports, in the order of its text. */
export function importsOf(file: SourceFile): Import[] {
  const statement = /^(?:import|export)\b(\s+type\b)?[^"';]*?\bfrom\s*"([^"\n]+)"/gm;
  const bare = /(?:^import\s*|\bimport(\()\s*)"([^"\n]+)"/gm;
  const found = [...file.code.matchAll(statement), ...file.code.matchAll(bare)];
  return found
    .sort((a, b) => a.index - b.index)
    .map(([, mark, from = ""]) => ({
      from,
      target: from.startsWith(".") ? targetOf(file.path, from) : null,
      typeOnly: mark !== undefined && mark !== "(",
      lazy: mark === "(",
    }));
}

function targetOf(path: string, from: string): string {
  return posix.join(posix.dirname(path), from).replace(/\.([cm]?)js$/, ".$1ts");
}

/** Blanks comments, keeps strings and line ends. A quote inside a regular expression confuses it to the line's end. */
function withoutComments(text: string): string {
  const token = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return text.replace(token, (found) => (found.startsWith("/") ? found.replace(/[^\n]/g, " ") : found));
}
