/** Files made on the spot that hold an XMP packet where their format has a place for it. */
import { deflateSync } from 'node:zlib';
import { gifOf, isoBox, pngWith, uint32, uint32LE } from './sample-files.ts';

/** A packet as programs write it: with a wrapper, characters beyond ASCII, and room to grow. */
export function packetOf(title: string): Buffer {
  return Buffer.from(
    `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">` +
      `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" ` +
      `xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt><rdf:li xml:lang="x-default">${title}</rdf:li></rdf:Alt>` +
      `</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>\r\n${' '.repeat(200)}\n<?xpacket end="w"?>`,
  );
}

/** An APP1 of XMP, for `jpegClaiming`. */
export function jpegXmp(packet: Buffer): readonly [number, Buffer] {
  return [0xe1, Buffer.concat([Buffer.from('http://ns.adobe.com/xap/1.0/\0', 'latin1'), packet])];
}

/** One part of an extension: digest, length of all of it, and where in it this part belongs. */
export function jpegExtension(packet: Buffer): readonly [number, Buffer] {
  const name = Buffer.from(`http://ns.adobe.com/xmp/extension/\0${'0123456789ABCDEF'.repeat(2)}`, 'latin1');
  return [0xe1, Buffer.concat([name, uint32(packet.length), uint32(0), packet])];
}

export function pngOf(packet: Buffer, { packed = false } = {}): Buffer {
  const flags = Buffer.from([packed ? 1 : 0, 0]);
  const keyword = Buffer.from('XML:com.adobe.xmp\0');
  const text = packed ? deflateSync(packet) : packet;
  return pngWith(['iTXt', Buffer.concat([keyword, flags, Buffer.from('en\0\0'), text])]);
}

/** The packet stands as it is, and behind it what leads readers of blocks to its end. */
export function gifXmp(packet: Buffer): Buffer {
  const gif = gifOf(2);
  const trailer = Buffer.from([1, ...Array.from({ length: 256 }, (_, n) => 255 - n), 0]);
  const extension = Buffer.concat([Buffer.from('\x21\xff\x0bXMP DataXMP', 'latin1'), packet, trailer]);
  return Buffer.concat([gif.subarray(0, -1), extension, gif.subarray(-1)]);
}

/** `head` is what the file begins with, of 12 bytes: `RIFF`, a length, and its form. */
export function withRiffChunk(file: Buffer, name: string, packet: Buffer): Buffer {
  const chunk = Buffer.concat([Buffer.from(name), uint32LE(packet.length), packet, Buffer.alloc(packet.length % 2)]);
  const whole = Buffer.concat([file, chunk]);
  whole.writeUInt32LE(whole.length - 8, 4);
  return whole;
}

/** A TIFF of nothing but a directory, whose only tag is the packet. */
export function tiffXmp(packet: Buffer, { little = true, big = false } = {}): Buffer {
  const short = (value: number): Buffer => {
    const bytes = Buffer.alloc(2);
    if (little) bytes.writeUInt16LE(value);
    else bytes.writeUInt16BE(value);
    return bytes;
  };
  const long = little ? uint32LE : uint32;
  const huge = (value: number): Buffer => {
    const bytes = Buffer.alloc(8);
    if (little) bytes.writeBigUInt64LE(BigInt(value));
    else bytes.writeBigUInt64BE(BigInt(value));
    return bytes;
  };
  const order = Buffer.from(little ? 'II' : 'MM');
  const parts = big
    ? [short(43), short(8), short(0), huge(16), huge(1), short(700), short(1), huge(packet.length), huge(52), huge(0)]
    : [short(42), long(8), short(1), short(700), short(7), long(packet.length), long(26), long(0)];
  return Buffer.concat([order, ...parts, packet]);
}

const xmpUuid = Buffer.from('be7acfcb97a942e89c71999491e3afac', 'hex');

export function withXmpBox(film: Buffer, packet: Buffer): Buffer {
  return Buffer.concat([
    film,
    isoBox('uuid', Buffer.alloc(16, 7), Buffer.from('another')),
    isoBox('uuid', xmpUuid, packet),
  ]);
}

/** A Photoshop file of one pixel, with a resource before that of the packet. */
export function photoshopXmp(packet: Buffer): Buffer {
  const resource = (id: number, name: string, data: Buffer): Buffer => {
    const named = Buffer.concat([Buffer.from([name.length]), Buffer.from(name)]);
    const even = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(bytes.length % 2)]);
    const number = Buffer.from([id >> 8, id & 255]);
    return Buffer.concat([Buffer.from('8BIM'), number, even(named), uint32(data.length), even(data)]);
  };
  const resources = Buffer.concat([resource(1_005, 'ab', Buffer.alloc(15)), resource(1_060, '', packet)]);
  const head = Buffer.from([0, 1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 8, 0, 3]);
  return Buffer.concat([Buffer.from('8BPS'), head, uint32(0), uint32(resources.length), resources, uint32(0)]);
}

export type PdfForm = {
  /** `flate`: the packet is packed. Default plain. */
  readonly filter?: 'flate' | 'lzw';
  /** The catalog lies in an object stream, as programs of today write it. */
  readonly packedCatalog?: boolean;
  /** Of the stream: as it is, in an object of its own, or wrong. */
  readonly length?: 'direct' | 'indirect' | 'wrong';
  readonly encrypted?: boolean;
};

/** A PDF whose catalog names the packet, beside the metadata of a picture; nothing in it has a page. */
export function pdfXmp(packet: Buffer, { filter, packedCatalog, length = 'direct', encrypted }: PdfForm = {}): Buffer {
  const data = filter === 'flate' ? deflateSync(packet) : packet;
  const said = { direct: String(data.length), indirect: '9 0 R', wrong: '7' }[length];
  const names = { flate: '/Filter /FlateDecode ', lzw: '/Filter [/LZWDecode] ' };
  const packing = filter === undefined ? '' : names[filter];
  const catalog = '<< /Type /Catalog /Names << /Metadata 4 0 R >> /Metadata 11 0 R /Pages 2 0 R >>';
  const packed = deflateSync(Buffer.from(`1 0 ${catalog}`));
  const objects: (Buffer | string)[] = [
    '%PDF-1.7\n',
    packedCatalog === true
      ? Buffer.concat([
          Buffer.from(
            `3 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Length ${packed.length} /Filter /FlateDecode >>\nstream\n`,
          ),
          packed,
          Buffer.from('\nendstream\nendobj\n'),
        ])
      : `1 0 obj\n${catalog}\nendobj\n`,
    '2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n',
    '4 0 obj\n<< /Type /Metadata /Subtype /XML /Length 5 >>\nstream\nother\nendstream\nendobj\n',
    '9 0 obj ',
    `${data.length}\nendobj\n`,
    `11 0 obj\n<< /Type /Metadata /Subtype /XML ${packing}/Length ${said} >>\nstream\r\n`,
    data,
    '\nendstream\nendobj\n',
    `trailer\n<< /Root 1 0 R ${encrypted === true ? '/Encrypt 8 0 R ' : ''}>>\n%%EOF\n`,
  ];
  return Buffer.concat(objects.map((object) => (typeof object === 'string' ? Buffer.from(object, 'latin1') : object)));
}
