import type { Settings } from '../../runtime/configuration.ts';
import type { CliContext } from '../context.ts';
import type { Finding } from './diagnose.ts';

/** Whether files can be written, read and removed where they are kept; nothing to say where that is the data directory. */
export async function checkBlobs(settings: Settings, { server }: CliContext): Promise<readonly Finding[]> {
  const found = (await server.checkBlobs?.(settings)) ?? null;
  if (found === null) return [];
  const { ok, detail, mend } = found;
  return [{ name: 'Files', result: ok ? 'ok' : 'failed', detail, ...(mend === undefined ? {} : { mend }) }];
}
