/**
 * Uploads photographs over a few connections at a time, as a process of its own: what it takes to read and send them is
 * nobody's figure.
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import type { UploaderOrder, UploaderResult } from './messages.ts';
import { withComment } from './photographs.ts';

const boundary = 'photographs';

/** Uploads so many photographs; each is answered with 201 or the measurement is void. */
async function uploadAll(order: UploaderOrder): Promise<UploaderResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: order.inFlight });
  const photographs = order.paths.map((path) => readFileSync(path));
  const acceptMs = new Float64Array(order.count);
  let bytes = 0;
  let next = 0;
  const beganMs = performance.now();
  const work = async (): Promise<void> => {
    for (let nth = next++; nth < order.count; nth = next++) {
      const photograph = photographs[nth % photographs.length] ?? Buffer.alloc(0);
      const waitMs = order.perSecond === undefined ? 0 : beganMs + (nth * 1_000) / order.perSecond - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      const startedMs = performance.now();
      const content = withComment(photograph, `photograph ${nth} of ${process.pid} at ${startedMs}`);
      const sent = await upload(order, { agent, content, nth });
      bytes += sent;
      acceptMs[nth] = performance.now() - startedMs;
    }
  };
  await Promise.all(Array.from({ length: order.inFlight }, work));
  agent.destroy();
  return { kind: 'uploaded', acceptMs, tookMs: performance.now() - beganMs, bytes };
}

type Sent = { readonly agent: Agent; readonly content: readonly Buffer[]; readonly nth: number };

function upload({ port, key, workspace }: UploaderOrder, { agent, content, nth }: Sent): Promise<number> {
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="photograph-${nth}.jpg"\r\n\r\n`;
  const parts = [Buffer.from(head), ...content, Buffer.from(`\r\n--${boundary}--\r\n`)];
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        agent,
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: '/v1/assets',
        headers: {
          authorization: `Bearer ${key}`,
          'assetwire-workspace': workspace,
          'content-type': `multipart/form-data; boundary=${boundary}`,
          'content-length': bytes,
        },
      },
      (answer) => {
        answer.resume();
        answer.once('end', () => {
          if (answer.statusCode === 201) resolve(bytes);
          else reject(new Error(`An upload must be accepted: the answer was ${answer.statusCode}`));
        });
      },
    );
    sent.once('error', reject);
    for (const part of parts) sent.write(part);
    sent.end();
  });
}

process.on('message', (order: UploaderOrder) => {
  uploadAll(order).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(`uploader: ${String(error)}`);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ kind: 'listening', port: 0 });
