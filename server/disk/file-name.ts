import assert from "node:assert/strict";

const OURS = /^(?!\.{1,2}$)[a-z0-9._-]{1,100}$/;
/** Those with capital letters. */
const LEVELDB = /^(CURRENT|LOCK|LOG|LOG\.old|MANIFEST-\d{6,20})$/;

/** Fails as a bug for a name that neither this program nor LevelDB would make: no other may reach the operating system. */
export function assertFileName(name: string): void {
  assert(OURS.test(name) || LEVELDB.test(name), `not a file name of ours: ${JSON.stringify(name)}`);
}
