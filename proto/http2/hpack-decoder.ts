import { HeaderField, HeaderName, REGULAR } from "./header-field.js";
import { HpackError } from "./hpack-error.js";
import { HpackTable } from "./hpack-table.js";
import { decodeHuffman } from "./huffman.js";

export { HpackError };

/** Headers by name, as they came: pseudo headers first, such as ":path"; what came twice is joined by ", ", a cookie by "; ". */
export type HeaderFields = ReadonlyMap<string, string>;

/** What a header block says. */
export interface DecodedHeaders {
  readonly fields: HeaderFields;
  /** Of all headers, as RFC 7541 4.1 counts them, also of those that are beyond the limit and therefore not in `fields`. */
  readonly bytes: number;
  readonly tooLarge: boolean;
  /**
   * Why the request is malformed (RFC 9113 8.2 and 8.3): the first reason, of the one stream only. That a pseudo
   * header is missing is not looked for, because trailers have none.
   */
  readonly malformed: string | undefined;
}

/** The leading bits that tell representations apart (RFC 7541 6); a string in Huffman's code has the highest too. */
const INDEXED = 0x80;
const INDEXING = 0x40;
const SIZE_UPDATE = 0x20;
const HUFFMAN = 0x80;
/** A number may go on for four bytes: up to 2^28, more than any block has. */
const SHIFT_MAX = 21;

/**
 * Reads the header blocks of one connection, each whole and in the order of arrival (RFC 7541).
 *
 * What a block makes us hold has a bound: the table, and as many headers as the limit of the list allows. What it
 * makes us do grows with its bytes, however small it makes large headers.
 */
export class HpackDecoder {
  readonly #table: HpackTable;
  readonly #listBytesMax: number;
  #at = 0;
  #end = 0;

  /** With our SETTINGS_HEADER_TABLE_SIZE and SETTINGS_MAX_HEADER_LIST_SIZE. */
  constructor(options: { readonly tableBytesMax: number; readonly listBytesMax: number }) {
    this.#table = new HpackTable(options.tableBytesMax);
    this.#listBytesMax = options.listBytesMax;
  }

  /** The headers of `bytes[start..end)`. Throws HpackError; the decoder is of no use after that. */
  decode(bytes: Buffer, start: number, end: number): DecodedHeaders {
    this.#at = start;
    this.#end = end;
    this.#readSizeUpdates(bytes);
    const fields = new Map<string, string>();
    let size = 0;
    let seen = 0;
    let malformed: string | undefined;
    while (this.#at < end) {
      const field = this.#readField(bytes);
      const { bit } = field.name;
      if (field.flaw !== undefined) malformed ??= field.flaw;
      if (bit !== REGULAR && (seen & (bit | REGULAR)) !== 0)
        malformed ??= "a pseudo header that comes twice or after other headers";
      seen |= bit;
      size += field.bytes;
      if (size <= this.#listBytesMax) put(fields, field.name.text, field.value);
    }
    return { fields, bytes: size, tooLarge: size > this.#listBytesMax, malformed };
  }

  /** Only the start of a block may change the size of the table (RFC 7541 4.2). */
  #readSizeUpdates(bytes: Buffer): void {
    while (this.#at < this.#end) {
      const first = bytes[this.#at]!;
      if (first < SIZE_UPDATE || first >= INDEXING) return;
      this.#at++;
      this.#table.resize(this.#readNumber(bytes, first, SIZE_UPDATE - 1));
    }
  }

  #readField(bytes: Buffer): HeaderField {
    const first = bytes[this.#at++]!;
    if (first >= INDEXED) return this.#table.at(this.#readNumber(bytes, first, INDEXED - 1));
    const indexing = first >= INDEXING;
    if (!indexing && first >= SIZE_UPDATE)
      throw new HpackError("a change of the table's size after a header");
    const index = this.#readNumber(bytes, first, indexing ? INDEXING - 1 : 0x0f);
    const name = index === 0 ? new HeaderName(this.#readText(bytes)) : this.#table.at(index).name;
    const field = new HeaderField(name, this.#readText(bytes));
    if (indexing) this.#table.add(field);
    return field;
  }

  /** A number that begins in the bits of `mask` (RFC 7541 5.1). */
  #readNumber(bytes: Buffer, first: number, mask: number): number {
    let value = first & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= SHIFT_MAX; shift += 7) {
      const byte = this.#readByte(bytes);
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new HpackError("a number of more than four bytes");
  }

  /** A string (RFC 7541 5.2). */
  #readText(bytes: Buffer): string {
    const first = this.#readByte(bytes);
    const length = this.#readNumber(bytes, first, HUFFMAN - 1);
    const start = this.#at;
    if (length > this.#end - start) throw truncated();
    this.#at = start + length;
    return first >= HUFFMAN
      ? decodeHuffman(bytes, start, this.#at)
      : bytes.toString("latin1", start, this.#at);
  }

  #readByte(bytes: Buffer): number {
    if (this.#at >= this.#end) throw truncated();
    return bytes[this.#at++]!;
  }
}

function truncated(): HpackError {
  return new HpackError("a header block that ends within a header");
}

/** Joined strings are ropes: even many parts are copied once at most, when someone reads them. */
function put(fields: Map<string, string>, name: string, value: string): void {
  const known = fields.get(name);
  fields.set(name, known === undefined ? value : `${known}${name === "cookie" ? "; " : ", "}${value}`);
}
