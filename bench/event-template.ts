/**
 * The measured event: one `POST /v1/changes` with one change, 1 KiB of JSON, keep-alive, key auth. Subjects come round
 * again every 10,000 events, so that the registry is updated rather than filled.
 */
import { eventDigits, eventMark } from './messages.ts';
import type { RequestTemplate, TemplateField } from './messages.ts';

const bodyBytes = 1024;
const subjectDigits = 4;

export type TemplateOptions = {
  readonly port: number;
  readonly key: string;
  /** Lanes that share a workspace; the last digit of the lane's number then is the folder. 1 or 10. */
  readonly lanesPerWorkspace: 1 | 10;
};

/** The workspace of a lane. */
export function laneWorkspace(lane: number, lanesPerWorkspace: 1 | 10): string {
  const number = Math.floor(lane / lanesPerWorkspace);
  return `bench-${String(number).padStart(lanesPerWorkspace === 10 ? 4 : 5, '0')}`;
}

/** The folder in which a lane's events happen. */
export function laneFolder(lane: number, lanesPerWorkspace: 1 | 10): string {
  return `/folder-${lanesPerWorkspace === 10 ? lane % 10 : 0}`;
}

type Hole = Omit<TemplateField, 'offset'>;

/** Collects text and the places in it that change with every event. */
function fill(parts: readonly (string | Hole)[]): RequestTemplate {
  let text = '';
  const fields: TemplateField[] = [];
  for (const part of parts) {
    if (typeof part === 'string') text += part;
    else {
      fields.push({ ...part, offset: text.length });
      text += '0'.repeat(part.digits);
    }
  }
  return { text, fields };
}

const eventHole: Hole = { of: 'event', digits: eventDigits, divide: 1 };
const subjectHole: Hole = { of: 'event', digits: subjectDigits, divide: 1 };

function bodyParts(lanesPerWorkspace: 1 | 10): readonly (string | Hole)[] {
  const folder: string | Hole = lanesPerWorkspace === 10 ? { of: 'lane', digits: 1, divide: 1 } : '0';
  const head: readonly (string | Hole)[] = [
    '{"kind":"asset.metadata_changed","subject":{"type":"asset","externalId":"bench-',
    subjectHole,
    '"},"changed":["metadata.note"],"after":{"name":"bench-',
    subjectHole,
    '.jpg","path":"/folder-',
    folder,
    `","metadata":{"note":"${eventMark}`,
    eventHole,
    '","text":"',
  ];
  const tail = '"}}}';
  const bytes = fill([...head, tail]).text.length;
  return [...head, 'The quick brown fox jumps over the lazy dog. '.repeat(30).slice(0, bodyBytes - bytes), tail];
}

/** One body with all numbers zero, for those who need bytes of the right size. */
export function sampleBody(): string {
  return fill(bodyParts(1)).text;
}

export function eventTemplate({ port, key, lanesPerWorkspace }: TemplateOptions): RequestTemplate {
  const workspace: Hole =
    lanesPerWorkspace === 10 ? { of: 'lane', digits: 4, divide: 10 } : { of: 'lane', digits: 5, divide: 1 };
  const body = bodyParts(lanesPerWorkspace);
  return fill([
    `POST /v1/changes HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${key}\r\n`,
    'assetwire-workspace: bench-',
    workspace,
    `\r\ncontent-type: application/json\r\ncontent-length: ${fill(body).text.length}\r\n\r\n`,
    ...body,
  ]);
}
