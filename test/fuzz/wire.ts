/** A planned call as bytes. */
import type { FormPart, FormSlip, Operation, Plan } from './call-arbitraries.ts';
import type { KnownThings } from './known-things.ts';
import type { Wire } from './send.ts';

const boundary = 'fuzz-boundary-7d1';

export type WireOptions = { readonly known: KnownThings; readonly token: string };

export function wireOf(plan: Plan, { known, token }: WireOptions): Wire {
  const { operation, choice } = plan;
  const path = pathOf(plan, known);
  const query = plan.query.map(([name, value]) => `${escaped(name)}=${escaped(known.filledText(value, choice))}`);
  const { body, contentType } = bodyOf(plan, known);
  return {
    method: operation.method,
    path: query.length === 0 ? path : `${path}?${query.join('&')}`,
    headers: {
      authorization: `Bearer ${token}`,
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
      ...(body === undefined ? {} : { 'content-length': String(body.length) }),
      ...plan.headers,
    },
    body,
  };
}

function pathOf({ operation, path, choice }: Plan, known: KnownThings): string {
  // What exists is seldom deleted: soon nothing would be left to call anything on.
  const spared = deletes(operation) && choice % 6 !== 1;
  const names = [...operation.template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const given = names.map((name) => path[name]);
  const values = given.map((value) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'x')));
  const filled = spared ? values : known.filledPath(operation.template, values, choice);
  return operation.template.replaceAll(/\{(\w+)\}/g, (_, name: string) => escaped(filled[names.indexOf(name)] ?? 'x'));
}

function deletes({ method, id }: Operation): boolean {
  return method === 'DELETE' || /erase|revoke/i.test(id);
}

function escaped(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function bodyOf(
  { body, choice }: Plan,
  known: KnownThings,
): { body: Buffer | undefined; contentType: string | undefined } {
  switch (body.kind) {
    case 'none':
      return { body: undefined, contentType: undefined };
    case 'json':
      return {
        body: Buffer.from(JSON.stringify(known.filled(body.value, choice)) ?? ''),
        contentType: 'application/json',
      };
    case 'bytes':
      return { body: body.bytes, contentType: 'application/json' };
    case 'form':
      return formBytes(
        body.parts.map((part) => ({ ...part, content: known.filled(part.content, choice) })),
        body.slip,
      );
    default:
      return body satisfies never;
  }
}

function formBytes(parts: readonly FormPart[], slip: FormSlip): { body: Buffer; contentType: string } {
  const ordered = slip === 'swapped' ? parts.toReversed() : parts;
  const whole = Buffer.concat([...ordered.flatMap(partBytes), Buffer.from(`--${boundary}--\r\n`)]);
  const type = 'multipart/form-data';
  return {
    body: slip === 'cut' ? whole.subarray(0, Math.floor(whole.length * 0.7)) : whole,
    contentType:
      slip === 'no boundary' ? type : `${type}; boundary=${slip === 'other boundary' ? 'something-else' : boundary}`,
  };
}

function partBytes({ name, fileName, content }: FormPart): readonly Buffer[] {
  const file = fileName === undefined ? '' : `; filename="${fileName.replaceAll(/["\r\n]/g, '_')}"`;
  return [
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`),
    Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content) ?? ''),
    Buffer.from('\r\n'),
  ];
}
