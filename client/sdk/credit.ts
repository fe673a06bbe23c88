/** Messages and bytes. */
export interface Amount {
  readonly messages: number;
  readonly bytes: number;
}

const UINT32_MAX = 2 ** 32 - 1;

/**
 * What one broker may still send a member, so that no more waits for handlers than the limit: what was granted and what
 * has arrived are both counted until it is settled. Pure.
 */
export class Credit {
  #limit: Amount;
  #grantedMessages = 0;
  #grantedBytes = 0;
  #heldMessages = 0;
  #heldBytes = 0;

  constructor(limit: Amount) {
    this.#limit = limit;
  }

  /** Messages that have arrived and are not settled. */
  get held(): number {
    return this.#heldMessages;
  }

  /** Nothing more comes until something is settled. */
  get exhausted(): boolean {
    if (this.#limit.messages === 0) return false;
    return this.#heldMessages >= this.#limit.messages || this.#heldBytes >= this.#limit.bytes;
  }

  /** Takes effect with the next grant. */
  set limit(limit: Amount) {
    this.#limit = limit;
  }

  /**
   * A new stream begins without credit, and so does one from which it is taken back; returns what was left. A byte is left
   * where messages have taken more than there were: with it one message comes, however large.
   */
  begin(): Amount {
    const left = { messages: this.#grantedMessages, bytes: Math.max(1, this.#grantedBytes) };
    this.#grantedMessages = this.#grantedBytes = 0;
    return left;
  }

  arrived(messages: number, bytes: number): void {
    this.#heldMessages += messages;
    this.#heldBytes += bytes;
    this.#grantedMessages = Math.max(0, this.#grantedMessages - messages);
    this.#grantedBytes -= bytes;
  }

  settled(messages: number, bytes: number): void {
    this.#heldMessages -= messages;
    this.#heldBytes -= bytes;
  }

  /** What to grant now: everything there is room for, once that is half of the limit; else null. */
  grant(): Amount | null {
    const messages = this.#limit.messages - this.#grantedMessages - this.#heldMessages;
    const bytes = this.#limit.bytes - this.#grantedBytes - this.#heldBytes;
    const due = messages * 2 >= this.#limit.messages || (messages > 0 && bytes * 2 >= this.#limit.bytes);
    if (!due || messages <= 0) return null;
    return this.add({ messages, bytes: Math.max(0, bytes) });
  }

  /** Grants an amount whatever the limit says. */
  add(amount: Amount): Amount {
    const messages = Math.min(amount.messages, UINT32_MAX);
    const bytes = Math.min(amount.bytes, UINT32_MAX);
    this.#grantedMessages += messages;
    this.#grantedBytes += bytes;
    return { messages, bytes };
  }

  /** Messages granted that have not arrived. */
  get outstanding(): number {
    return this.#grantedMessages;
  }

  /** None of them can come: those before have taken all bytes. */
  get starved(): boolean {
    return this.#grantedMessages > 0 && this.#grantedBytes <= 0;
  }
}
