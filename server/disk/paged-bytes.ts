const PAGE_BYTES = 4096;

/** Bytes that grow and are cheap to copy: copies share pages until one of them writes. Missing pages are zeros. */
export class PagedBytes {
  #size = 0;
  #pages: (Buffer | undefined)[] = [];
  /** Whether a page belongs to this copy alone. */
  #own: boolean[] = [];

  get size(): number {
    return this.#size;
  }

  clone(): PagedBytes {
    const copy = new PagedBytes();
    this.#own.fill(false);
    copy.#size = this.#size;
    copy.#pages = this.#pages.slice();
    copy.#own = this.#own.slice();
    return copy;
  }

  write(bytes: Uint8Array, position: number): void {
    if (bytes.byteLength === 0) return;
    for (let done = 0; done < bytes.byteLength; ) {
      const from = (position + done) % PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - from, bytes.byteLength - done);
      this.#pageToWrite((position + done - from) / PAGE_BYTES).set(bytes.subarray(done, done + count), from);
      done += count;
    }
    this.#size = Math.max(this.#size, position + bytes.byteLength);
  }

  /** Copies from `position` on; returns how many bytes there were. */
  read(into: Uint8Array, position: number): number {
    const total = Math.max(0, Math.min(into.byteLength, this.#size - position));
    for (let done = 0; done < total; ) {
      const from = (position + done) % PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - from, total - done);
      const page = this.#pages[(position + done - from) / PAGE_BYTES];
      if (page === undefined) into.fill(0, done, done + count);
      else into.set(page.subarray(from, from + count), done);
      done += count;
    }
    return total;
  }

  resize(bytes: number): void {
    if (bytes < this.#size) {
      const pages = Math.ceil(bytes / PAGE_BYTES);
      this.#pages.length = Math.min(this.#pages.length, pages);
      this.#own.length = this.#pages.length;
      if (bytes % PAGE_BYTES > 0 && this.#pages[pages - 1] !== undefined) {
        this.#pageToWrite(pages - 1).fill(0, bytes % PAGE_BYTES);
      }
    }
    this.#size = bytes;
  }

  /** All of it, as a copy. */
  toBuffer(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#size);
    this.read(bytes, 0);
    return bytes;
  }

  #pageToWrite(index: number): Buffer {
    const page = this.#pages[index];
    if (page !== undefined && this.#own[index] === true) return page;
    const own = page === undefined ? Buffer.alloc(PAGE_BYTES) : Buffer.from(page);
    while (this.#pages.length < index) {
      this.#pages.push(undefined);
      this.#own.push(false);
    }
    this.#pages[index] = own;
    this.#own[index] = true;
    return own;
  }
}
