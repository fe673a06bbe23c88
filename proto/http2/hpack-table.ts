import { HeaderField, HeaderName } from "./header-field.js";
import { HpackError } from "./hpack-error.js";

/** RFC 7541 appendix A in the order of its indexes, from 1 on. */
// biome-ignore format: a table
const STATIC = [
  ":authority", ":method: GET", ":method: POST", ":path: /", ":path: /index.html", ":scheme: http", ":scheme: https",
  ":status: 200", ":status: 204", ":status: 206", ":status: 304", ":status: 400", ":status: 404", ":status: 500",
  "accept-charset", "accept-encoding: gzip, deflate", "accept-language", "accept-ranges", "accept",
  "access-control-allow-origin", "age", "allow", "authorization", "cache-control", "content-disposition",
  "content-encoding", "content-language", "content-length", "content-location", "content-range", "content-type",
  "cookie", "date", "etag", "expect", "expires", "from", "host", "if-match", "if-modified-since", "if-none-match",
  "if-range", "if-unmodified-since", "last-modified", "link", "location", "max-forwards", "proxy-authenticate",
  "proxy-authorization", "range", "referer", "refresh", "retry-after", "server", "set-cookie",
  "strict-transport-security", "transfer-encoding", "user-agent", "vary", "via", "www-authenticate",
];

/** The static table: the header of index n is the (n - 1)th. */
export const STATIC_FIELDS: readonly HeaderField[] = STATIC.map((line) => {
  const [name, value = ""] = line.split(": ");
  return new HeaderField(new HeaderName(name!), value);
});

/** What an encoder starts with until it says otherwise (RFC 9113 6.5.2). */
export const TABLE_BYTES_DEFAULT = 4_096;
/** What a header without name and value counts. */
const FIELD_BYTES_MIN = 32;

/** The headers of one connection by index (RFC 7541 2.3): the static ones, then its own, the newest first. */
export class HpackTable {
  readonly #bytesMax: number;
  /** Its own ones, the newest at `#newest`; a power of two long, so that they fit even if each is as small as can be. */
  readonly #ring: (HeaderField | undefined)[];
  readonly #mask: number;
  #newest = 0;
  #count = 0;
  #bytes = 0;
  #limit: number;

  /** Of at most `bytesMax` bytes as RFC 7541 4.1 counts them: our SETTINGS_HEADER_TABLE_SIZE. */
  constructor(bytesMax: number) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(1, bytesMax / FIELD_BYTES_MIN)));
    this.#bytesMax = bytesMax;
    this.#limit = Math.min(TABLE_BYTES_DEFAULT, bytesMax);
    this.#ring = new Array<HeaderField | undefined>(slots).fill(undefined);
    this.#mask = slots - 1;
  }

  /** The header of an index; throws HpackError if there is none. */
  at(index: number): HeaderField {
    const back = index - STATIC_FIELDS.length - 1;
    if (back >= this.#count || index === 0) throw new HpackError(`no header has the index ${index}`);
    return back < 0 ? STATIC_FIELDS[index - 1]! : this.#ring[(this.#newest - back) & this.#mask]!;
  }

  /** Makes it the newest; the oldest go until all fit. One that is larger than the table empties it (RFC 7541 4.4). */
  add(field: HeaderField): void {
    this.#shrink(this.#limit - field.bytes);
    if (field.bytes > this.#limit) return;
    this.#newest = (this.#newest + 1) & this.#mask;
    this.#ring[this.#newest] = field;
    this.#count++;
    this.#bytes += field.bytes;
  }

  /** Sets how many bytes it may have from now on; throws HpackError if they are more than we allow (RFC 7541 6.3). */
  resize(limit: number): void {
    if (limit > this.#bytesMax)
      throw new HpackError(`a table of ${limit} bytes, more than ${this.#bytesMax}`);
    this.#limit = limit;
    this.#shrink(limit);
  }

  #shrink(bytes: number): void {
    while (this.#bytes > bytes && this.#count > 0) {
      const oldest = (this.#newest - --this.#count) & this.#mask;
      this.#bytes -= this.#ring[oldest]!.bytes;
      this.#ring[oldest] = undefined;
    }
  }
}
