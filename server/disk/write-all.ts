/** Writes buffers one behind the other from `position` on and says how many bytes went, maybe fewer than there are. */
export type WriteSome = (buffers: readonly Uint8Array[], position: number) => Promise<number>;

/** Goes on with `writeSome` until all bytes have gone; EIO when it takes none. */
export async function writeAll(
  writeSome: WriteSome,
  buffers: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let rest = behind(buffers, 0);
  let at = position;
  while (rest.length > 0) {
    const written = await writeSome(rest, at);
    if (written === 0) throw noProgress(at);
    at += written;
    rest = behind(rest, written);
  }
}

/** What a disk that takes nothing and says nothing amounts to. */
export function noProgress(position: number): Error {
  return Object.assign(new Error(`EIO: the disk takes none of the bytes at ${position}`), { code: "EIO" });
}

/** What of `buffers` lies behind the first `bytes`, without empty ones at the front. */
function behind(buffers: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let skip = bytes;
  let index = 0;
  while (index < buffers.length && skip >= buffers[index]!.byteLength) skip -= buffers[index++]!.byteLength;
  if (index === 0 && skip === 0) return buffers;
  const rest = buffers.slice(index);
  if (skip > 0) rest[0] = rest[0]!.subarray(skip);
  return rest;
}
