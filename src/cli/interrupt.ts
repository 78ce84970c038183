/** Following a stream until Ctrl-C, which is the ordinary end of a `tail` and no failure. */
import type { Client, Query, ServerEvent } from './client.ts';
import type { CliContext } from './context.ts';
import { coloursOf } from './output.ts';

/** Resolves when the user interrupts or the server ends the stream. */
export async function followUntilInterrupted(
  { client, path, query }: { readonly client: Client; readonly path: string; readonly query?: Query },
  onEvent: (event: ServerEvent) => void,
  { stderr }: Pick<CliContext, 'stderr'>,
): Promise<void> {
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    await client.follow(path, {
      signal: abort.signal,
      onEvent,
      onOpen: () => stderr.write(coloursOf(stderr).dim('waiting; Ctrl-C ends\n')),
      ...(query === undefined ? {} : { query }),
    });
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}
