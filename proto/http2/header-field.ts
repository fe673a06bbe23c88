/** Pseudo headers of a request (RFC 9113 8.3.1), a bit each. */
const PSEUDO: ReadonlyMap<string, number> = new Map([
  [":method", 1],
  [":scheme", 2],
  [":authority", 4],
  [":path", 8],
]);
/** The bit of all other names. */
export const REGULAR = 16;

/** What HTTP/1 said about a connection (RFC 9113 8.2.2). */
const OF_THE_CONNECTION = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);

/** The name of a header, judged once however often it is used. */
export class HeaderName {
  readonly text: string;
  /** The bit of a pseudo header, or REGULAR. */
  readonly bit: number;
  /** Why a request with this name is malformed. */
  readonly flaw: string | undefined;

  constructor(text: string) {
    this.text = text;
    this.bit = PSEUDO.get(text) ?? REGULAR;
    this.flaw = this.bit === REGULAR ? nameFlaw(text) : undefined;
  }
}

/** A header, judged once however often a table gives it out. */
export class HeaderField {
  readonly name: HeaderName;
  readonly value: string;
  /** Its size in a table and in a list of headers (RFC 7541 4.1). */
  readonly bytes: number;
  /** Why a request with this header is malformed. */
  readonly flaw: string | undefined;

  constructor(name: HeaderName, value: string) {
    this.name = name;
    this.value = value;
    this.bytes = name.text.length + value.length + 32;
    this.flaw = name.flaw ?? valueFlaw(name.text, value);
  }
}

/** RFC 9113 8.2.1: no space, control, colon, capital letter or byte beyond ASCII. */
function nameFlaw(text: string): string | undefined {
  if (text.length === 0) return "a header without a name";
  if (text.startsWith(":")) return "an unknown pseudo header";
  if (/[^!-9;-@[-~]/.test(text)) return "a header name with a character that is not allowed";
  return OF_THE_CONNECTION.has(text) ? "a header about the connection" : undefined;
}

/** RFC 9113 8.2.1: no NUL, no line break, no space or tab at either end; 8.2.2: `te` is `trailers`. */
function valueFlaw(name: string, value: string): string | undefined {
  const length = value.length;
  for (let at = 0; at < length; at++) {
    const code = value.charCodeAt(at);
    if (code <= 0x0d && (code === 0x0d || code === 0x0a || code === 0))
      return "a header value with a character that is not allowed";
  }
  if (length > 0 && (isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(length - 1))))
    return "a header value with a blank at its end";
  return name === "te" && value !== "trailers" ? "te that is not trailers" : undefined;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
