/** The XMP packet of a file, byte for byte as it stands there. Runs in the inspector only. */
import type { Failure, XmpResult } from '../media.ts';
import { xmpFormatOf } from '../xmp-types.ts';
import { type FileSource, withFile } from './file-source.ts';
import { PacketTooLarge, refuseLong } from './packet-too-large.ts';
import type { XmpJob } from './protocol.ts';
import { loadSharp } from './sharp.ts';
import { isoPacket } from './xmp-iso.ts';
import { pdfPacket } from './xmp-pdf.ts';
import { gifPacket, jpegPacket, photoshopPacket, pngPacket, riffPacket } from './xmp-parts.ts';
import { tiffPacket } from './xmp-tiff.ts';

/** The packet; `none` where the file has none, and where files of its type are not looked through. Throws of a broken one. */
export async function readXmp({ path, mimeType }: Pick<XmpJob, 'path' | 'mimeType'>): Promise<XmpResult> {
  try {
    const found = await withFile(path, (source) => packetIn(source, { path, mimeType }));
    if (found !== null && 'kind' in found) return found;
    return found === null || found.length === 0 ? { kind: 'none' } : { kind: 'packet', content: found };
  } catch (error) {
    if (error instanceof PacketTooLarge) return { kind: 'failed', code: 'too_large', note: error.message };
    throw error;
  }
}

async function packetIn(
  source: FileSource,
  { path, mimeType }: Pick<XmpJob, 'path' | 'mimeType'>,
): Promise<Buffer | Failure | null> {
  switch (xmpFormatOf(mimeType)) {
    case 'jpeg':
      return jpegPacket(source);
    case 'png':
      return pngPacket(source);
    case 'webp':
      return riffPacket(source, 'XMP ');
    case 'wav':
      return riffPacket(source, '_PMX');
    case 'gif':
      return gifPacket(source);
    case 'photoshop':
      return photoshopPacket(source);
    case 'tiff':
      return tiffPacket(source);
    case 'iso':
      return isoPacket(source);
    case 'pdf':
      return pdfPacket(source);
    case 'heif':
      return heifPacket(path);
    default:
      return null;
  }
}

/** Of AVIF and HEIC: libheif knows where in them it lies. Header only, nothing is decoded. */
async function heifPacket(path: string): Promise<Buffer | null> {
  const sharp = await loadSharp();
  const { xmp } = await sharp(path, { limitInputPixels: false, failOn: 'none', sequentialRead: true }).metadata();
  if (xmp === undefined) return null;
  refuseLong(xmp.length);
  return xmp;
}
