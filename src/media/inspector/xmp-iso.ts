/** The XMP packet of MP4, QuickTime and their kin: a `uuid` box of the file, or QuickTime's `XMP_` among the user data. */
import type { FileSource } from './file-source.ts';
import { boxes, boxesMax, find } from './iso-media.ts';
import { stretch } from './xmp-parts.ts';

const uuid = Buffer.from('be7acfcb97a942e89c71999491e3afac', 'hex');

/** Null where there is none. */
export async function isoPacket(source: FileSource): Promise<Buffer | null> {
  const whole = { source, start: 0, end: source.bytes, budget: { boxes: boxesMax } };
  for await (const box of boxes(whole)) {
    if (box.type === 'uuid' && (await source.read(box.start, uuid.length)).equals(uuid))
      return stretch(source, box.start + uuid.length, box.end - box.start - uuid.length);
    if (box.type !== 'moov') continue;
    const data = await find({ ...whole, ...box }, 'udta');
    const packet = data === null ? null : await find({ ...whole, ...data }, 'XMP_');
    if (packet !== null) return stretch(source, packet.start, packet.end - packet.start);
  }
  return null;
}
