import assert from "node:assert/strict";

const NAME = /^(?!\.{1,2}$)[a-z0-9._-]{1,100}$/;

/** Fails as a bug for a name that this program would not make: no other may reach the operating system. */
export function assertFileName(name: string): void {
  assert(NAME.test(name), `not a file name of ours: ${JSON.stringify(name)}`);
}
