/**
 * Photographs to upload: a few are made, as large and as grained as a camera's, and each upload gets a comment of its own
 * put into one of them, so that no two have the same content.
 */
import sharp, { type Sharp } from 'sharp';

const sizesMb = [2, 2.6, 3.2, 3.9, 4.8] as const;

/** Grain on soft shapes, 12 megapixels and 2 to 5 MB: what an encoder makes of a sharp photograph. */
export async function makePhotographs(directory: string): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const [index, megabytes] of sizesMb.entries()) {
    const width = 4_000;
    const height = 3_000;
    const grain = await sharp({
      create: { width, height, channels: 3, background: '#888', noise: { type: 'gaussian', mean: 128, sigma: 14 } },
    })
      .png({ compressionLevel: 1 })
      .toBuffer();
    const shapes = Buffer.from(
      `<svg width="${width}" height="${height}"><defs><radialGradient id="g"><stop offset="0" stop-color="#fd8"/><stop offset="1" stop-color="#246"/></radialGradient></defs>` +
        `<rect width="100%" height="100%" fill="url(#g)" opacity="0.7"/><circle cx="${600 * (index + 1)}" cy="1500" r="900" fill="#7a3" opacity="0.5"/></svg>`,
    );
    const picture = sharp(
      await sharp(grain)
        .composite([{ input: shapes }])
        .raw()
        .toBuffer(),
      {
        raw: { width, height, channels: 3 },
      },
    );
    const path = `${directory}/photograph-${index}.jpg`;
    await picture.jpeg({ quality: await qualityFor(picture, megabytes * 1e6) }).toFile(path);
    paths.push(path);
  }
  return paths;
}

/** The quality at which the file comes closest to so many bytes from below. */
async function qualityFor(picture: Sharp, bytes: number): Promise<number> {
  let low = 20;
  let high = 98;
  while (high - low > 2) {
    const quality = (low + high) >> 1;
    const { length } = await picture.clone().jpeg({ quality }).toBuffer();
    if (length > bytes) high = quality;
    else low = quality;
  }
  return low;
}

/** The photograph with a comment behind its start (JPEG's COM segment): a file of its own to whoever hashes it. */
export function withComment(photograph: Buffer, comment: string): readonly Buffer[] {
  const text = Buffer.from(comment);
  const segment = Buffer.alloc(4);
  segment.writeUInt16BE(0xfffe, 0);
  segment.writeUInt16BE(text.length + 2, 2);
  return [photograph.subarray(0, 2), segment, text, photograph.subarray(2)];
}
