/** The fields of a multipart form whose body is there, without files. For vendors whose clients send forms. */
import type { IncomingMessage } from 'node:http';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import type { JsonObject } from '../core/json.ts';
import { invalidRequest } from './problem.ts';

const fieldsMax = 100;
const partsMax = 110;
const headerPairsMax = 20;

/** Rejects with `invalid_request` where the form is broken, has too many fields or a file, which would be lost. A name that comes twice: the last counts. */
export function readFormFields(request: IncomingMessage, bytes: Buffer): Promise<JsonObject> {
  const broken = (found: string) => invalidRequest([{ at: '', wanted: 'a whole multipart form', found }], 'the body');
  return new Promise((resolve, reject) => {
    let parser: BusboyInstance;
    try {
      parser = new Busboy({
        headers: { ...request.headers, 'content-type': request.headers['content-type'] ?? '' },
        limits: { fieldSize: bytes.length, fields: fieldsMax, parts: partsMax, headerPairs: headerPairsMax },
      });
    } catch (error) {
      reject(broken(error instanceof Error ? error.message : 'something else'));
      return;
    }
    const fields = new Map<string, string>();
    parser.on('field', (name, value) => fields.set(name, value));
    parser.on('file', (name, stream) => {
      stream.resume();
      reject(broken(`a file in "${name.slice(0, 60)}", which is not taken here`));
    });
    parser.on('fieldsLimit', () => reject(broken(`more than ${fieldsMax} fields`)));
    parser.on('partsLimit', () => reject(broken(`more than ${partsMax} parts`)));
    parser.on('error', (error) => reject(broken(error instanceof Error ? error.message : 'something else')));
    parser.on('finish', () => resolve(Object.fromEntries(fields)));
    parser.end(bytes);
  });
}
