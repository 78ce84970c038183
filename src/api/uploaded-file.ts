/** What every upload of a file does around its use case. */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Idempotency } from '../app/app.ts';
import { AssetwireError, type ErrorCode } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { fingerprintOf, idempotencyKeyOf } from './idempotency.ts';
import { readJson } from './json-body.ts';
import { readUpload, type Upload } from './multipart-upload.ts';
import { invalidRequest } from './problem.ts';
import type { Services } from './route.ts';
import { raw, type Schema } from './schema.ts';
import { problemsOf } from './validation.ts';

export type UploadedFile<Input> = {
  /** The part `asset`, checked; empty where there was none. */
  readonly input: Input;
  readonly file: Upload['file'];
  readonly idempotency: Idempotency | undefined;
};

/** What the upload is for: the operation, which thing of it, and the use case that takes it. */
export type UploadPlace<Input, Result> = {
  readonly operation: string;
  readonly parameters: string;
  readonly schema: Schema<Input>;
  take(uploaded: UploadedFile<Input>): Promise<Result>;
};

/** How taking a file in can fail, whatever it is for. */
export const uploadErrors = [
  'upload_incomplete',
  'upload_too_large',
  'upload_malformed',
  'unsupported_media_type',
  'quota_exceeded',
] as const satisfies readonly ErrorCode[];

/** Content type and schema of an upload, for the document. */
export function uploadForm(asset: Schema): { readonly contentType: string; readonly schema: Schema } {
  return {
    contentType: 'multipart/form-data',
    schema: raw({
      type: 'object',
      required: ['file'],
      properties: { asset, file: { type: 'string', format: 'binary' } },
    }),
  };
}

/** Reads the form up to its file, hands that on, and sees to it that the request ends whatever becomes of it. */
export async function takeUpload<Input, Result>(
  request: IncomingMessage,
  { settings, bodies }: Pick<Services, 'settings' | 'bodies'>,
  place: UploadPlace<Input, Result>,
): Promise<Result> {
  const key = idempotencyKeyOf(request);
  const upload = await readUpload(request, { bytesMax: settings.uploadBytesMax, bodies });
  const { file } = upload;
  try {
    const input = readAssetPart(upload.asset, place.schema);
    const idempotency = key === undefined ? undefined : { key, fingerprint: uploadFingerprint(request, upload, place) };
    const result = await place.take({ input, file, idempotency });
    // A repeated upload is answered without its bytes; they are let pass, for an answer in their midst would be lost.
    await readToEnd(file.content);
    return result;
  } catch (error) {
    // What went wrong on the way in says more than what it led to further on.
    const cause = file.content.errored;
    file.content.destroy();
    throw cause instanceof AssetwireError ? cause : error;
  }
}

function readToEnd(stream: Readable): Promise<void> {
  if (stream.closed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.on('close', () => resolve());
    stream.resume();
  });
}

/**
 * What makes an upload the same one again. The bytes cannot be part of it: they are still to come when it is needed. The
 * length stands in for them, so that another file under the same name is told apart in all but the rarest case.
 */
function uploadFingerprint(
  { headers }: IncomingMessage,
  { asset, file }: Upload,
  { operation, parameters }: Pick<UploadPlace<unknown, unknown>, 'operation' | 'parameters'>,
): string {
  const name = `${parameters}${file.name}\n${headers['content-length'] ?? ''}`;
  return fingerprintOf(operation, name, asset ?? '');
}

function readAssetPart<Input>(text: string | undefined, schema: Schema<Input>): Input {
  const value = text === undefined ? {} : readJson(Buffer.from(text), limits);
  const problems = problemsOf(schema, value);
  if (problems.length > 0) throw invalidRequest(problems, 'the part "asset"');
  return value as Input;
}
