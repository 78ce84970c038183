/** An upload as a multipart form: written while it is read, so that a file of any size takes the memory of a chunk. */
import type { IncomingMessage } from 'node:http';
import type { request as httpRequest } from 'node:http';
import type { Readable } from 'node:stream';
import { systemCode } from '../runtime/operator-error.ts';

export type UploadFile = { readonly name: string; readonly bytes: number; readonly content: Readable };

export type UploadOptions = {
  readonly onSent?: (bytes: number) => void;
  /** Breaks the upload off; the server keeps nothing of it. */
  readonly signal?: AbortSignal;
  /** The same for each try of one upload, so that a try whose answer was lost is not made twice. */
  readonly idempotencyKey?: string;
  /** Where to: `/v1/assets` where absent, or the versions of an asset. */
  readonly path?: string;
};

/** The file on this side could not be sent: unreadable, or it changed while it was read. No fault of the server's. */
export class LocalFileError extends Error {
  override readonly name = 'LocalFileError';
}

/** A request under way and the answer it will have. */
export type Exchange = {
  readonly request: ReturnType<typeof httpRequest>;
  readonly response: Promise<IncomingMessage>;
};

type Form = { readonly headers: Record<string, string | number>; readonly before: Buffer; readonly after: Buffer };

/** What stands before and after the bytes of the file. */
export function multipart(file: UploadFile, asset: object, boundary: string): Form {
  // RFC 7578: quotes, CR and LF are percent-encoded in a file name.
  const name = file.name.replace(/["\r\n]/g, encodeURIComponent);
  const before = Buffer.from(
    `--${boundary}\r\ncontent-disposition: form-data; name="asset"\r\ncontent-type: application/json\r\n\r\n${JSON.stringify(asset)}\r\n` +
      `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: application/octet-stream\r\n\r\n`,
  );
  const after = Buffer.from(`\r\n--${boundary}--\r\n`);
  const headers = {
    'content-type': `multipart/form-data; boundary=${boundary}`,
    'content-length': before.length + file.bytes + after.length,
  };
  return { headers, before, after };
}

type FormParts = Form & { readonly file: UploadFile; readonly options: UploadOptions };

/** Writes the form while the answer may already come: a refusal ends the upload instead of waiting for its end. */
export async function sendForm(
  { request, response }: Exchange,
  { before, after, file, options: { onSent, signal } }: FormParts,
): Promise<IncomingMessage> {
  const breakOff = (): void => void request.destroy(new Error('it was broken off'));
  if (signal?.aborted === true) breakOff();
  signal?.addEventListener('abort', breakOff, { once: true });
  let fault: LocalFileError | null = null;
  const write = async (): Promise<void> => {
    request.write(before);
    let sent = 0;
    for await (const chunk of chunksOf(file)) {
      if (!request.write(chunk)) await roomIn(request);
      if (request.destroyed) return;
      sent += chunk.length;
      onSent?.(sent);
    }
    request.end(after);
  };
  write().catch((error: unknown) => {
    fault =
      error instanceof LocalFileError ? error : new LocalFileError('The file could not be sent', { cause: error });
    request.destroy(fault);
  });
  try {
    return await response;
  } catch (error) {
    throw fault ?? error;
  } finally {
    signal?.removeEventListener('abort', breakOff);
    file.content.destroy();
  }
}

/** As many bytes as were announced, or a fault: a shorter body would leave the server waiting, a longer one be garbage. */
async function* chunksOf({ content, bytes }: UploadFile): AsyncGenerator<Buffer> {
  let read = 0;
  try {
    for await (const chunk of content as AsyncIterable<Buffer>) {
      read += chunk.length;
      if (read > bytes) break;
      yield chunk;
    }
  } catch (error) {
    throw new LocalFileError(`The file must be readable: ${systemCode(error) ?? 'it is not'}`, { cause: error });
  }
  if (read === bytes) return;
  throw new LocalFileError(
    `The file must stay as it is while it is sent: it had ${bytes} bytes and has ${read} or more`,
  );
}

/** Until more can be written, or nothing can any more. */
/** When what was written has left. */
export function roomIn(request: Exchange['request']): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      request.off('drain', go).off('close', go);
      resolve();
    };
    request.on('drain', go).on('close', go);
  });
}
