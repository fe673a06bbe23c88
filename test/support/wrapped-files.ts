import type { File, Files } from "../../server/disk/files.js";

/** What a wrapper changes of a folder's files; everything else goes to the real ones. */
export interface Changes {
  file?(file: File, folder: Files): Partial<File>;
  folder?(folder: Files): Partial<Files>;
}

/** The same folder, and the folders in it, with some calls changed. */
export function wrappedFiles(files: Files, changes: Changes): Files {
  const fileOf = (file: File): File => over(file, changes.file?.(file, files) ?? {});
  return over(files, {
    open: async (name) => fileOf(await files.open(name)),
    create: async (name) => fileOf(await files.create(name)),
    folder: async (name) => wrappedFiles(await files.folder(name), changes),
    ...changes.folder?.(files),
  });
}

/** An object whose methods are those of another one, bound to it, but for the changed ones. */
function over<T extends object>(target: T, changed: Partial<T>): T {
  return new Proxy(target, {
    get(_, key) {
      if (Object.hasOwn(changed, key)) return Reflect.get(changed, key);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
