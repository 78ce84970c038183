/** `assetwire upload URL…`: the server fetches the files itself; here they are followed until they have ended. */
import type { AssetInput, FetchResult, FetchView } from '../../app/app.ts';
import { counted } from '../../core/counted.ts';
import { escapeControls } from '../../runtime/log-human.ts';
import type { Client } from '../client.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import { InterruptedError, interruptible, interruptionOf } from '../interrupt.ts';
import { coloursOf, createProgress, printJson } from '../output.ts';

export type UrlUpload = {
  readonly urls: readonly string[];
  readonly asset: Omit<AssetInput, 'name'>;
  readonly json: boolean;
};

type Outcome = { readonly url: string } & (
  | { readonly status: 'rejected'; readonly code: string; readonly detail: string }
  | { readonly status: FetchView['state']; readonly fetch: FetchView }
);

const pollMs = 300;
const perCall = 1_000;
const askedAtOnce = 20;

/** Whether a path is an address: then all must be. */
export function areUrls(paths: readonly string[]): boolean {
  const urls = paths.filter((path) => /^https?:\/\//i.test(path)).length;
  if (urls === 0 || urls === paths.length) return urls > 0;
  throw new CommandError(
    'Upload must be given files or addresses: there are both',
    'Upload them one after the other',
    exitCodes.usage,
  );
}

export async function uploadUrls(client: Client, upload: UrlUpload, context: CliContext): Promise<void> {
  const { urls, asset, json } = upload;
  const results: FetchResult[] = [];
  for (let from = 0; from < urls.length; from += perCall) {
    const assets = urls.slice(from, from + perCall).map((url) => ({ url, ...asset }));
    const body = { assets };
    results.push(
      ...(await client.send<{ readonly results: readonly FetchResult[] }>('POST', '/v1/assets/from-url', body)).results,
    );
  }
  const outcomes = await interruptible(context, (abort) =>
    follow(client, { urls, results, signal: abort.signal }, context),
  );
  if (json) printJson(context.stdout, { data: outcomes });
  else for (const outcome of outcomes) context.stdout.write(`${lineOf(outcome, context)}\n`);
  const failed = outcomes.filter(({ status }) => status !== 'done').length;
  if (failed > 0)
    throw new CommandError(
      `Upload must take every address: ${failed} of ${outcomes.length} failed`,
      'See why above',
      exitCodes.failed,
    );
}

type Following = {
  readonly urls: readonly string[];
  readonly results: readonly FetchResult[];
  readonly signal: AbortSignal;
};

async function follow(
  client: Client,
  { urls, results, signal }: Following,
  context: CliContext,
): Promise<readonly Outcome[]> {
  const progress = createProgress(context);
  const views = new Map(
    results.flatMap((one) => (one.status === 'accepted' ? [[one.fetch.id, one.fetch] as const] : [])),
  );
  const isOpen = ({ state }: FetchView): boolean => state === 'pending' || state === 'fetching';
  try {
    for (let open = [...views.values()].filter(isOpen); open.length > 0; open = [...views.values()].filter(isOpen)) {
      await new Promise<void>((resolve) => context.clock.timer(pollMs, resolve));
      if (signal.aborted) throw toldInterruption(signal, open.length);
      // A few at a time: those that have not begun change last.
      const asked = open.slice(0, askedAtOnce);
      for (const view of await Promise.all(asked.map(({ id }) => client.get<FetchView>(`/v1/fetches/${id}`))))
        views.set(view.id, view);
      const bytes = [...views.values()].reduce((sum, view) => sum + view.bytes, 0);
      progress.update(
        views.size - open.length,
        views.size,
        `${views.size - open.length} of ${views.size} fetched, ${bytes} bytes`,
      );
    }
  } finally {
    progress.end();
  }
  return results.map((one, at): Outcome => {
    const url = urls[at] ?? '';
    if (one.status === 'rejected') return { url, status: 'rejected', code: one.code, detail: one.detail };
    const fetch = views.get(one.fetch.id) ?? one.fetch;
    return { url, status: fetch.state, fetch };
  });
}

function toldInterruption(signal: AbortSignal, open: number): InterruptedError {
  const { signal: by } = interruptionOf(signal) ?? new InterruptedError('SIGINT');
  return new InterruptedError(
    by,
    `Interrupted: the server goes on with ${counted(open, 'file')}`,
    'assetwire fetches list says how far they are',
  );
}

function lineOf(outcome: Outcome, { stdout }: CliContext): string {
  const colours = coloursOf(stdout);
  const url = escapeControls(outcome.url);
  if (outcome.status === 'rejected')
    return `${colours.red('✗')} ${url}  ${escapeControls(`${outcome.code}: ${outcome.detail}`)}`;
  const { state, assetId, result, error } = outcome.fetch;
  if (state === 'done')
    return `${colours.green('✓')} ${assetId ?? ''}  ${url}${result === 'created' ? '' : `  ${result ?? ''}`}`;
  return `${colours.red('✗')} ${url}  ${escapeControls(error === undefined ? state : `${error.code}: ${error.detail}`)}`;
}
