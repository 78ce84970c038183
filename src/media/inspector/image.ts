/** Images: type, size and embedded metadata from the header alone. No pixel is decoded, so a flood of pixels costs nothing (UP-01). */
import type { Metadata } from 'sharp';
import type { EmbeddedPolicy, InspectionResult } from '../media.ts';
import type { FileFacts } from '../../core/asset.ts';
import { type FileSource, withFile } from './file-source.ts';
import { type Packets, readPackets } from './packets.ts';
import { loadSharp } from './sharp.ts';

/** The tags of a larger one are not read. */
const tiffBytesMax = 16 * 1024 * 1024;

const mimeTypes: { readonly [format: string]: string } = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  tiff: 'image/tiff',
};

type ImageBounds = { readonly mimeType: string; readonly pixelsMax: number; readonly embedded: EmbeddedPolicy };

/** Size as the picture is shown: turned as its EXIF orientation says. */
export async function readImage(
  path: string,
  { mimeType: claimed, pixelsMax, embedded: policy }: ImageBounds,
): Promise<InspectionResult> {
  const sharp = await loadSharp();
  // The limit is judged here and not by sharp, which would answer with a text: header only, nothing is decoded.
  const header = await sharp(path, { limitInputPixels: false, failOn: 'none', sequentialRead: true }).metadata();
  const { width, height } = header.autoOrient;
  if (width * height > pixelsMax) {
    return { kind: 'failed', code: 'too_large', note: `${width} x ${height} pixels, more than ${pixelsMax} in all` };
  }
  const mimeType = mimeTypeOf(header, claimed);
  const packets = packetsOf(header);
  const tiff = header.format === 'tiff' && policy !== 'none' ? await wholeTiff(path) : null;
  const embedded =
    policy === 'none' ? undefined : await readPackets(tiff === null ? packets : { ...packets, tiff }, policy);
  const turned = header.width !== width || header.height !== height;
  return {
    kind: 'inspected',
    facts: {
      mimeType,
      widthPx: width,
      heightPx: height,
      ...(turned ? { storedWidthPx: header.width, storedHeightPx: header.height } : {}),
      colourSpace: header.space,
      hasAlpha: header.hasAlpha,
      ...(await numbersOf(path, mimeType, header)),
      ...(embedded === undefined ? {} : { embedded }),
    },
  };
}

function mimeTypeOf({ format, compression }: Metadata, claimed: string): string {
  const known = mimeTypes[format] ?? (compression === 'av1' ? 'image/avif' : 'image/heif');
  // libvips knows one kind of PNG, and of the HEVC kind of HEIF only its family.
  if (known === 'image/png' && claimed === 'image/apng') return claimed;
  return known === 'image/heif' && claimed === 'image/heic' ? claimed : known;
}

/** How many pictures it holds: of a moving one `frames` and how long they last, of a TIFF `pages`. */
async function numbersOf(path: string, mimeType: string, { pages = 1, delay }: Metadata): Promise<FileFacts> {
  if (mimeType === 'image/tiff') return { pages };
  if (mimeType === 'image/apng') return withFile(path, readApngFrames);
  if (pages <= 1) return {};
  const durationMs = (delay ?? []).reduce((sum, ms) => sum + ms, 0);
  return { frames: pages, ...(durationMs > 0 ? { durationMs } : {}) };
}

const apngHeadBytes = 65_536;

/** `acTL` stands before the first pixels and begins with the number of frames (PNG, third edition, 11.3.6.1). */
async function readApngFrames({ read }: FileSource): Promise<FileFacts> {
  const head = await read(0, apngHeadBytes);
  const at = head.indexOf('acTL', 8, 'latin1');
  return at < 0 || at + 8 > head.length ? {} : { frames: head.readUInt32BE(at + 4) };
}

/** A TIFF is the structure that EXIF is made of, and libvips cuts nothing out of it: its tags may lie anywhere in it. */
async function wholeTiff(path: string): Promise<Buffer | null> {
  return withFile(path, async ({ bytes, read }) => (bytes > tiffBytesMax ? null : read(0, bytes)));
}

function packetsOf({ exif, iptc, xmp }: Metadata): Packets {
  return {
    ...(exif === undefined ? {} : { exif }),
    ...(iptc === undefined ? {} : { iptc }),
    ...(xmp === undefined ? {} : { xmp }),
  };
}
