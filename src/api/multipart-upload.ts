/**
 * A streamed upload: one `file` part, and before it an optional `asset` part with JSON. The file's stream ends only when
 * the whole form has been read and was sound, so nothing is stored of an upload that breaks off or goes wrong behind its
 * file (HARDENING UP-12, UP-13).
 */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { fileNameOf } from './content-disposition.ts';
import type { BodyReader, LateReason } from './request-body.ts';

export const assetPartBytesMax = 256 * 1024;
const boundaryCharactersMax = 200;

export type Upload = {
  /** The text of the `asset` part, undefined where there was none. */
  readonly asset: string | undefined;
  /** The chunks of the content go through here and nowhere else. */
  readonly file: { readonly name: string; readonly content: Readable; readonly ownChunks: true };
};

export type UploadOptions = { readonly bytesMax: number; readonly bodies: BodyReader };

/**
 * Reads up to the beginning of the file. What goes wrong later destroys `file.content` with the error to answer:
 * `upload_incomplete`, `upload_too_large`, `upload_malformed`.
 */
export function readUpload(request: IncomingMessage, { bytesMax, bodies }: UploadOptions): Promise<Upload> {
  assertMultipart(request, bytesMax);
  return new Promise((resolve, reject) => {
    let source: Readable | undefined;
    const content = new Readable({ read: () => void source?.resume() });
    // Until somebody reads the stream an error on it must not be an uncaught one.
    content.on('error', () => undefined);
    let asset: string | undefined;
    let fileSeen = false;
    let ended = false;
    const parser = createParser(request, bytesMax);
    const edges = createFormEdges(request);
    const watch = bodies.watch((reason) => fail(incomplete(lateTexts[reason])));

    const finish = (): void => {
      ended = true;
      watch.done();
      request.unpipe(parser);
      deafen();
    };
    const fail = (error: AssetwireError): void => {
      if (ended) return;
      finish();
      request.pause();
      content.destroy(error);
      reject(error);
    };
    const broken = (found: string): void => fail(edges.cut() ? cutForm() : malformed(found));
    const deafen = listen(request, {
      data: (chunk) => {
        watch.touch(chunk.length);
        edges.see(chunk);
      },
      broken: () => {
        if (!request.complete) fail(incomplete('Send the whole form: the connection broke off'));
      },
    });

    parser.on('field', (...[name, value, , valueCut]) => {
      const wrong = faultOfField({ name, fileSeen, twice: asset !== undefined, valueCut });
      if (wrong !== undefined) return fail(malformed(wrong));
      asset = value;
    });
    parser.on('file', (name, stream, fileName) => {
      stream.on('error', () => broken('a file part that ends too early'));
      if (name !== 'file' || fileSeen) {
        stream.resume();
        return fail(malformed(fileSeen ? 'two file parts' : `a file part called ${shown(name)}`));
      }
      fileSeen = true;
      stream.on('limit', () => fail(tooLarge(bytesMax)));
      source = stream;
      stream.on('data', (chunk: Buffer) => {
        if (!content.push(chunk)) stream.pause();
      });
      content.on('close', () => {
        // Whoever took the stream gave up on it: nothing more need be read.
        if (!ended) fail(incomplete('Take the file in: the upload was given up'));
      });
      resolve({ asset, file: { name: fileNameOf(fileName ?? ''), content, ownChunks: true } });
    });
    for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const) {
      parser.on(limit, () => fail(malformed('more than two parts')));
    }
    parser.on('error', () => broken('something that is no multipart form'));
    parser.on('finish', () => {
      if (ended) return;
      if (!fileSeen) return broken('no part called "file"');
      finish();
      content.push(null);
    });
    request.pipe(parser);
  });
}

const lateTexts: { readonly [Reason in LateReason]: string } = {
  silent: 'Send the file without pauses: nothing came for a while',
  slow: `Send the file faster than ${limits.uploadBytesPerSecondMin} bytes a second: it came slower`,
  long: `Send the file within ${limits.uploadMsMax / 3_600_000} hours: it was still under way`,
};

type Heard = { readonly data: (chunk: Buffer) => void; readonly broken: () => void };

/** Listens to a request beside whoever reads it; the answer ends that. The listening for `data` lets it flow. */
function listen(request: IncomingMessage, { data, broken }: Heard): () => void {
  request.on('data', data).on('aborted', broken).on('error', broken).on('close', broken);
  return () => request.off('data', data).off('aborted', broken).off('error', broken).off('close', broken);
}

type Field = {
  readonly name: string;
  readonly fileSeen: boolean;
  readonly twice: boolean;
  readonly valueCut: boolean;
};

function faultOfField({ name, fileSeen, twice, valueCut }: Field): string | undefined {
  if (name !== 'asset') return `a part called ${shown(name)}`;
  if (fileSeen) return 'the part "asset" behind the file';
  if (twice) return 'two parts called "asset"';
  return valueCut ? `more than ${assetPartBytesMax} bytes in the part "asset"` : undefined;
}

function createParser(request: IncomingMessage, bytesMax: number): BusboyInstance {
  try {
    return new Busboy({
      headers: { ...request.headers, 'content-type': request.headers['content-type'] ?? '' },
      limits: {
        fileSize: bytesMax,
        files: 1,
        fields: 1,
        parts: 2,
        fieldSize: assetPartBytesMax,
        headerPairs: 32,
        headerSize: 16 * 1024,
      },
      // A part is a file by its name, not by whether it says a file name: one without would be kept in memory.
      isPartAFile: (name) => name !== 'asset',
    });
  } catch (cause) {
    throw new AssetwireError('upload_malformed', {
      detail: 'Send a multipart form: its boundary cannot be used',
      cause,
    });
  }
}

/** Longest ending that is looked at: the closing boundary, and what a client may put behind it. */
const edgeBytesMax = 1_024;

/** Keeps the beginning and the end of a form, to tell one that was cut from one that never was a form. */
function createFormEdges({ headers }: IncomingMessage) {
  const boundary = `--${boundaryOf(headers['content-type'] ?? '') ?? ''}`;
  let head: Buffer = Buffer.alloc(0);
  const tail = Buffer.alloc(edgeBytesMax);
  return {
    see: (chunk: Buffer): void => {
      if (head.length < edgeBytesMax) head = Buffer.concat([head, chunk.subarray(0, edgeBytesMax - head.length)]);
      // A copy, and no look into the chunk: whoever stores it gives its memory back.
      const taken = Math.min(chunk.length, edgeBytesMax);
      tail.copyWithin(0, taken);
      chunk.copy(tail, edgeBytesMax - taken, chunk.length - taken);
    },
    /** Well begun, and its end is missing: it was cut on its way. */
    cut: () => head.includes(boundary) && !tail.includes(`${boundary}--`),
  };
}

/** The boundary that the content type names; undefined where it names none. */
function boundaryOf(type: string): string | undefined {
  const found = /;\s*boundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))/i.exec(type);
  return found?.[1] ?? found?.[2];
}

/** What clients say that send a file in parts, one after another or side by side: half a file would pass for a whole one (HARDENING UP-15). */
const partHeaders = [
  'content-range',
  'tus-resumable',
  'upload-offset',
  'upload-length',
  'upload-draft-interop-version',
];

/** Before a byte is read: the right type, and not more announced than may come. */
function assertMultipart(request: IncomingMessage, bytesMax: number): void {
  const type = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\s*(?:;|$)/i.test(type)) {
    throw new AssetwireError('unsupported_media_type', {
      detail: `Send the upload as multipart/form-data: ${type === '' ? 'there is no Content-Type' : `it says ${shown(type)}`}`,
      mend: 'Send a form with a part called "file", for example: curl -F file=@picture.jpg …/v1/assets',
    });
  }
  if (boundaryOf(type) === undefined) {
    throw new AssetwireError('upload_malformed', {
      detail: 'Name the boundary of the form in the Content-Type: it names none',
      mend: 'Let your HTTP client set the Content-Type, it knows the boundary: leave the header out with curl -F and with FormData',
    });
  }
  if (type.length > boundaryCharactersMax) throw malformed('a boundary of more than 70 characters');
  const part = partHeaders.find((name) => request.headers[name] !== undefined);
  if (part !== undefined) {
    throw new AssetwireError('upload_malformed', {
      detail: `Send the file whole: ${part} says that this is a part of one`,
      mend: 'Send one form with the whole file; parts of files are not put together here',
    });
  }
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > bytesMax + assetPartBytesMax + limits.customHeaderBytesMax) throw tooLarge(bytesMax);
}

function incomplete(detail: string): AssetwireError {
  return new AssetwireError('upload_incomplete', { detail, mend: 'Send the upload again; nothing of it was kept' });
}

function cutForm(): AssetwireError {
  return incomplete('Send the whole form: it ends before its closing boundary');
}

function tooLarge(bytesMax: number): AssetwireError {
  return new AssetwireError('upload_too_large', {
    detail: `Send a file of at most ${bytesMax} bytes: it has more`,
    mend: 'Send a smaller file; the limit is a setting of the server, ASSETWIRE_UPLOAD_BYTES_MAX',
  });
}

function malformed(found: string): AssetwireError {
  return new AssetwireError('upload_malformed', {
    detail: `Send one part "file", and before it at most one part "asset" with JSON: there is ${found}`,
  });
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
