/** Chooses the reader by type. Runs in the inspector only. */
import type { InspectionResult } from '../media.ts';
import { readFilm, readableFilms } from './film.ts';
import { withFile } from './file-source.ts';
import { readImage } from './image.ts';
import { readPdf } from './pdf.ts';
import { readSvgSize } from './svg.ts';
import { readableImages } from './sharp.ts';
import type { InspectJob } from './protocol.ts';

const svgBytesRead = 65_536;

/** What can be told of the file from its headers. Types without a reader are told by their type alone. */
export async function inspectFile({
  path,
  mimeType,
  ...bounds
}: Pick<InspectJob, 'path' | 'mimeType' | 'pixelsMax' | 'embedded'>): Promise<InspectionResult> {
  if (readableImages.has(mimeType)) return readImage(path, { mimeType, ...bounds });
  return withFile(path, async (source) => {
    if (mimeType === 'image/svg+xml')
      return inspected(mimeType, readSvgSize((await source.read(0, svgBytesRead)).toString('utf8')));
    if (mimeType === 'application/pdf') {
      const facts = await readPdf(source, bounds.embedded);
      if (facts === null) return { kind: 'failed', code: 'unreadable', note: 'the document is broken: it has no page' };
      return inspected(mimeType, facts);
    }
    if (!readableFilms.has(mimeType)) return inspected(mimeType, {});
    const facts = await readFilm(source, mimeType, bounds.embedded);
    if (facts === null) return { kind: 'failed', code: 'unreadable', note: 'no movie header was found' };
    return inspected(mimeType, facts);
  });
}

function inspected(mimeType: string, facts: object): InspectionResult {
  return { kind: 'inspected', facts: { mimeType, ...facts } };
}
