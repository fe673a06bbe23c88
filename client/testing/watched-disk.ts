import type { File, Files } from "../../server/disk/files.js";
import type { Views, ViewsFolder } from "../../server/store/views.js";
import type { Errands } from "./works.js";

/**
 * What a broker of a test has of its disk: the clock waits for its calls, and once the broker was killed nothing more gets
 * through to what is stored.
 */
export class WatchedDisk {
  readonly #errands: Errands;
  #cut = false;

  constructor(errands: Errands) {
    this.#errands = errands;
  }

  /** From now on whatever would change the disk fails, as nothing does for a process that is no more. */
  cut(): void {
    this.#cut = true;
  }

  files(files: Files): Files {
    return {
      path: files.path,
      list: () => this.#look(() => files.list()),
      folders: () => this.#look(() => files.folders()),
      open: async (name) => this.#file(await this.#look(() => files.open(name))),
      create: async (name) => this.#file(await this.#change(() => files.create(name))),
      rename: (from, to) => this.#change(() => files.rename(from, to)),
      remove: (name) => this.#change(() => files.remove(name)),
      syncNames: () => this.#change(() => files.syncNames()),
      folder: async (name) => this.files(await this.#look(() => files.folder(name))),
      lock: () => this.#look(() => files.lock()),
      unlock: () => this.#look(() => files.unlock()),
      space: () => this.#look(() => files.space()),
    };
  }

  views(folder: ViewsFolder): ViewsFolder {
    return {
      path: folder.path,
      exists: () => this.#look(() => folder.exists()),
      open: async () => this.#views(await this.#change(() => folder.open())),
      remove: () => this.#change(() => folder.remove()),
    };
  }

  #file(file: File): File {
    return {
      name: file.name,
      write: (buffers, position) => this.#change(() => file.write(buffers, position)),
      writeNow: (buffer, position) => {
        this.#refuseCut();
        file.writeNow(buffer, position);
      },
      sync: () => this.#change(() => file.sync()),
      read: (into, position) => this.#look(() => file.read(into, position)),
      size: () => this.#look(() => file.size()),
      resize: (bytes) => this.#change(() => file.resize(bytes)),
      close: () => this.#look(() => file.close()),
    };
  }

  #views(views: Views): Views {
    return {
      whole: views.whole,
      write: (changes, options) => this.#change(() => views.write(changes, options)),
      force: () => this.#change(() => views.force()),
      get: (key) => views.get(key),
      scan: (from, to, max) => this.#look(() => views.scan(from, to, max)),
      close: () => this.#look(() => views.close()),
    };
  }

  /** A call that a killed broker may still make: to read, and to let go of what it holds. */
  #look<T>(call: () => Promise<T>): Promise<T> {
    return this.#errands.during(call);
  }

  async #change<T>(call: () => Promise<T>): Promise<T> {
    this.#refuseCut();
    return this.#errands.during(call);
  }

  #refuseCut(): void {
    if (this.#cut) throw Object.assign(new Error("EIO: the broker was killed"), { code: "EIO" });
  }
}
