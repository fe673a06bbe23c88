/** What the broker must know of a message: places and hashes in the bytes it stands in. Made once, filled again. */
export class Envelope {
  bodyStart = 0;
  bodyBytes = 0;
  tagStart = 0;
  tagEnd = 0;
  /** 0 without a tag. */
  tagHash = 0;
  /** Of the ordering key. */
  keyStart = 0;
  keyEnd = 0;
  /** Of the ordering key; 0 without one. */
  keyHash = 0;
  /** Look-up keys. */
  keyCount = 0;
  propertyCount = 0;
  /** Names and values together. */
  propertyBytes = 0;
  bornAtMs = 0;
  /** 0: as its topic says. */
  ttlMs = 0;
  /** Of its `dead_letter`, tag and length included; 0 without one. Clients must not send it. */
  deadLetterBytes = 0;

  /** Whether there are look-up keys. */
  get hasKeys(): boolean {
    return this.keyCount > 0;
  }

  clear(): void {
    this.bodyStart = this.bodyBytes = 0;
    this.tagStart = this.tagEnd = this.tagHash = 0;
    this.keyStart = this.keyEnd = this.keyHash = 0;
    this.keyCount = this.propertyCount = this.propertyBytes = this.bornAtMs = 0;
    this.ttlMs = this.deadLetterBytes = 0;
  }
}
