/** Metadata of many assets is edited, one request each; nobody but one webhook listens. */
import { Pool } from 'undici';
import { requestOk } from '../../test/support/json-client.ts';
import { atLeast, type BenchCase, type BenchContext, type Figure, round } from '../figure.ts';
import { treeCpuUs } from '../process-usage.ts';
import { startPeers, startProduct } from '../rig.ts';
import { median, quantile } from '../statistics.ts';

const connections = 64;
const assets = 1_000;

async function measure(context: BenchContext): Promise<readonly Figure[]> {
  const edits = context.quick ? 2_000 : 40_000;
  const rounds = context.quick ? 1 : 3;
  const peers = await startPeers();
  const product = await startProduct();
  const { url, key } = product.server;
  const pool = new Pool(url, { connections });
  try {
    const target = { transport: 'http', url: `http://127.0.0.1:${peers.receiver.port}/0` };
    peers.receiver.tell({ kind: 'reset', firstEvent: 0, events: 0, hangingLanes: 0 });
    await requestOk(`${url}/v1/webhooks`, { key, body: { name: 'edits', dialect: 'standard', target, events: ['*'] } });
    const states = Array.from({ length: assets }, (_, nth) => ({
      externalId: `dam-${nth}`,
      name: `photograph-${nth}.jpg`,
      info: { title: `Photograph ${nth}`, description: 'x'.repeat(300) },
      metadata: { season: 'spring', rank: 0 },
      tags: ['harbour', 'dawn'],
    }));
    for (let from = 0; from < assets; from += 200)
      await requestOk(`${url}/v1/assets`, { key, method: 'PUT', body: { assets: states.slice(from, from + 200) } });
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const rates: number[] = [];
    const tookMs: number[] = [];
    const cpuBeforeUs = treeCpuUs(product.pid);
    let rank = 0;
    for (let nth = 0; nth < rounds; nth += 1) {
      let next = 0;
      const beganMs = performance.now();
      const work = async (): Promise<void> => {
        for (let edit = next++; edit < edits; edit = next++) {
          rank += 1;
          const startedMs = performance.now();
          const { statusCode, body } = await pool.request({
            method: 'PATCH',
            path: `/v1/assets/external:dam-${edit % assets}`,
            headers,
            body: JSON.stringify({ metadata: { rank } }),
          });
          await body.dump();
          if (statusCode !== 200) throw new Error(`An edit must be taken: the answer was ${statusCode}`);
          tookMs.push(performance.now() - startedMs);
        }
      };
      await Promise.all(Array.from({ length: connections }, work));
      rates.push((edits / (performance.now() - beganMs)) * 1_000);
      context.log(`round ${nth + 1}: ${round(rates.at(-1) ?? 0)} edits/s`);
    }
    const cpuUsPerEdit = (treeCpuUs(product.pid) - cpuBeforeUs) / (edits * rounds);
    return [
      atLeast('metadata edits per second', 2_000, median(rates), {
        details: {
          editsPerSecond: rates.map(round),
          p50Ms: round(quantile(tookMs, 0.5)),
          p99Ms: round(quantile(tookMs, 0.99)),
          cpuUsPerEdit: round(cpuUsPerEdit),
        },
      }),
    ];
  } finally {
    await pool.close();
    await Promise.all([peers.stop(), product.stop()]);
  }
}

export const edits: BenchCase = { name: 'edits', title: 'Metadata edited, one request each', run: measure };
