/**
 * The packets of embedded metadata in a picture: EXIF, IPTC and XMP, each read by itself, so that a broken one hides no
 * other. libvips has cut them out of the file (whatever its type); here they are bounded and read by `exifreader`, which
 * never sees the file (but for TIFF, which is EXIF from its first byte).
 */
import type { ExpandedTags } from 'exifreader';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import { boundEmbedded } from '../embedded.ts';
import type { EmbeddedPolicy } from '../media.ts';
import { commonFields } from './common-fields.ts';

export type Packets = {
  /** `Exif\0\0` and a TIFF structure, as libvips keeps it. */
  readonly exif?: Buffer;
  /** What lies in a JPEG's APP13: `Photoshop 3.0\0` and resources. */
  readonly iptc?: Buffer;
  readonly xmp?: Buffer;
  /** A whole TIFF, in place of `exif`. */
  readonly tiff?: Buffer;
};

export type ReadPackets = {
  readonly exif: JsonObject;
  readonly iptc: JsonObject;
  readonly xmp: JsonObject;
  readonly gps: JsonObject;
};

/** Pointers, padding and makers' own binary: nothing that anybody reads. */
const noise =
  /^(?:undefined-|_raw$|about$|MakerNote$|.* IFD Pointer$|Padding$|OffsetSchema$|JPEGInterchangeFormat|PrintImageMatching$|ImageSourceData$|ApplicationNotes$|Images$|Thumbnail|GPS|Record Version$|.*(?:Tile|Strip)(?:Offsets|ByteCounts)$)/;
/** Whose it is and which one: left out by the policy `public`, as places are. */
const personal =
  /SerialNumber|OwnerName|ImageUniqueID|^(?:InternalSerialNumber|DocumentID|InstanceID|OriginalDocumentID|UserComment)$/i;

/** What the packets hold, bounded; undefined where they hold nothing. Never throws: a broken packet is left out. */
export async function readPackets(packets: Packets, policy: EmbeddedPolicy): Promise<JsonObject | undefined> {
  const { load } = (await import('exifreader')).default;
  const { DOMParser } = await import('@xmldom/xmldom');
  // What is not well-formed is no packet; nothing is said about it on any console.
  const domParser = new DOMParser({ onError: refuse });
  const tags = (packet: Buffer | undefined): ExpandedTags => {
    if (packet === undefined || packet.length === 0) return {};
    try {
      return load(packet, { expanded: true, computed: false, domParser });
    } catch {
      // A packet that cannot be read tells nothing; the others still do.
      return {};
    }
  };
  const exif = tags(packets.tiff ?? bareTiff(readable(packets.exif)));
  const iptc = tags(asJpeg(readable(packets.iptc)));
  const xmp = tags(readable(packets.xmp));
  const found: ReadPackets = {
    exif: plainTags(exif.exif, policy),
    iptc: plainTags(iptc.iptc, policy),
    xmp: plainTags(xmp.xmp, policy),
    gps: policy === 'all' ? place(exif.gps) : {},
  };
  const left = [packets.exif, packets.iptc, packets.xmp].some((packet) => readable(packet) !== packet);
  return boundEmbedded({
    fields: commonFields(found),
    ...found,
    ...(left ? { note: `a packet of more than ${limits.embeddedPacketBytesMax} bytes was not read` } : {}),
  });
}

function refuse(level: string, message: string): void {
  if (level !== 'warning') throw new Error(message);
}

/** A packet, unless it is larger than is read. */
function readable(packet: Buffer | undefined): Buffer | undefined {
  return packet === undefined || packet.length > limits.embeddedPacketBytesMax ? undefined : packet;
}

function bareTiff(packet: Buffer | undefined): Buffer | undefined {
  return packet?.toString('latin1', 0, 4) === 'Exif' ? packet.subarray(6) : packet;
}

/** The smallest JPEG around an APP13 segment: the only form in which `exifreader` takes IPTC. */
function asJpeg(packet: Buffer | undefined): Buffer | undefined {
  if (packet === undefined) return undefined;
  const content = packet.subarray(0, 65_533);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(content.length + 2);
  return Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xed]), length, content, Buffer.from([0xff, 0xd9])]);
}

/** One plain value per tag: text as people read it, numbers, lists of texts. */
function plainTags(group: object | undefined, policy: EmbeddedPolicy): JsonObject {
  const plain: [string, JsonValue][] = [];
  for (const [name, tag] of Object.entries(group ?? {})) {
    if (noise.test(name) || (policy === 'public' && personal.test(name))) continue;
    const value = plainTag(tag);
    if (value !== undefined) plain.push([name, value]);
  }
  return Object.fromEntries(plain);
}

function plainTag(tag: unknown): JsonValue | undefined {
  if (Array.isArray(tag)) {
    const items = tag.map(plainTag).filter((item) => typeof item === 'string' || typeof item === 'number');
    return items.length === 0 ? undefined : items;
  }
  if (typeof tag !== 'object' || tag === null) return undefined;
  const { description, value } = tag as { readonly description?: unknown; readonly value?: unknown };
  // A list in XMP (keywords, creators): its items, each with a description of its own.
  if (Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null && 'description' in item))
    return plainTag(inDefaultLanguage(value) ?? value);
  if (typeof description === 'number') return Number.isFinite(description) ? description : undefined;
  if (typeof description !== 'string' || description === '' || /^\[(?:Raw|Unicode|JIS|Undefined)/.test(description))
    return undefined;
  return description;
}

/** Of the same text in several languages the default one; undefined where it is a list of several things. */
function inDefaultLanguage(items: readonly unknown[]): unknown {
  const texts = items as readonly { readonly attributes?: { readonly lang?: unknown } }[];
  if (texts.some((text) => text.attributes?.lang === undefined)) return undefined;
  return texts.find((text) => text.attributes?.lang === 'x-default') ?? texts[0];
}

/** Degrees, south and west negative; undefined unless both are on the globe. Metres above the sea, where given. */
function place(gps: object | undefined): JsonObject {
  const {
    Latitude: latitude,
    Longitude: longitude,
    Altitude: altitudeM,
  } = (gps ?? {}) as { readonly [name: string]: unknown };
  const on = (value: unknown, max: number): value is number =>
    typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= max;
  if (!on(latitude, 90) || !on(longitude, 180)) return {};
  return { latitude: round(latitude), longitude: round(longitude), ...(on(altitudeM, 100_000) ? { altitudeM } : {}) };
}

/** To about a centimetre: what lies behind is noise of the arithmetic. */
function round(degrees: number): number {
  return Math.round(degrees * 1e7) / 1e7;
}
