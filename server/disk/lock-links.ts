import { readdir, readlink, symlink, unlink } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "./make-folder.js";

/** Numbered links with a text each. Every call happens at one instant. */
export interface LockLinks {
  /** For people: where they are. */
  readonly path: string;
  numbers(): Promise<number[]>;
  /** Null when the link is gone. */
  read(number: number): Promise<string | null>;
  /** False when there is one of this number. */
  make(number: number, text: string): Promise<boolean>;
  /** Does nothing when the link is gone. */
  remove(number: number): Promise<void>;
}

/**
 * Symbolic links whose targets are text. Making one is atomic, fails when the name exists, carries its text with it (so a
 * crash leaves no empty one), and needs no block of a full disk.
 *
 * They have a folder to themselves: a handful of names is listed by one system call.
 */
export async function openLinks(path: string): Promise<LockLinks> {
  await makeFolder(path, 0o750);
  const at = (number: number): string => join(path, String(number));
  return {
    path,
    numbers: async () => (await readdir(path)).filter((name) => /^[1-9]\d{0,14}$/.test(name)).map(Number),
    read: (number) => unless("ENOENT", readlink(at(number)), null),
    make: (number, text) => unless("EEXIST", made(at(number), text), false),
    remove: (number) => unless("ENOENT", unlink(at(number)), undefined),
  };
}

async function made(path: string, text: string): Promise<true> {
  await symlink(text, path);
  return true;
}

async function unless<T, U>(code: string, call: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await call;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== code) throw thrown;
    return otherwise;
  }
}
