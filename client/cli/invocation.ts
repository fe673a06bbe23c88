import { basename, dirname, relative, sep } from "node:path";

/** What to type to run this program again, seen from `folder`; `script` is the path that it was started by. */
export function invocation(script: string, folder: string): string {
  if (!/^logwheel(\.cmd|\.ps1)?$/.test(basename(script))) return `node ${relative(folder, script)}`;
  return dirname(script).endsWith(`node_modules${sep}.bin`) ? "npx logwheel" : "logwheel";
}
