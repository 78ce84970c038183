/** `assetwire watch`: a folder whose files are assets; what happens to them there happens here. */
import { statSync } from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import { createSystemRandom } from '../../runtime/random.ts';
import { escapeControls } from '../../runtime/log-human.ts';
import { systemCode } from '../../runtime/operator-error.ts';
import { connect, type ConnectionOptions } from '../connection.ts';
import { countUpTo, withConnection, withExamples } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import { interruptible } from '../interrupt.ts';
import { coloursOf, printJsonLine } from '../output.ts';
import { isSelected } from '../upload/find-files.ts';
import { type ApplyOptions, applyChanges, type WatchEvent } from '../watch/apply-changes.ts';
import { lookAt } from '../watch/look-at.ts';
import { createPendingPaths, type PendingPaths, type Settled } from '../watch/pending-paths.ts';
import { lostWith, perhapsMoved, planChanges } from '../watch/plan-changes.ts';
import { openMemory, stateName, type WatchMemory } from '../watch/watch-state.ts';
import { rootState, type RootState } from '../watch/watched-root.ts';

type WatchOptions = ConnectionOptions & {
  readonly path: string;
  readonly delete: 'trash' | 'ignore';
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly state?: string;
  readonly settle: number;
  readonly poll?: boolean;
  readonly once?: boolean;
  readonly attached?: boolean;
  readonly atOnce: number;
};

/** What programs write on the way to a file: never an asset. */
const unfinished = [
  '*.part',
  '*.partial',
  '*.tmp',
  '*.temp',
  '*.crdownload',
  '*.download',
  '*.swp',
  '*~',
  '~$*',
  'Thumbs.db',
  'desktop.ini',
];
const tickMs = 250;
const pauseMsMax = 30_000;

export function define(command: Command, context: CliContext): void {
  withConnection(command)
    .addArgument(new Argument('<directory>', 'the folder to watch, with all below it'))
    .addOption(new Option('--path <folder>', 'the folder in Assetwire that it is').default('/'))
    .addOption(
      new Option('--delete <rule>', 'what becomes of assets whose files are deleted')
        .choices(['trash', 'ignore'])
        .default('trash'),
    )
    .addOption(new Option('--include <pattern...>', 'only files that fit one: *.jpg, or 2026/**/*.tif with a slash'))
    .addOption(new Option('--exclude <pattern...>', 'no files that fit one'))
    .addOption(
      new Option('--settle <ms>', 'a file counts once it has not changed for so long')
        .default(2_000)
        .argParser(countUpTo(600_000)),
    )
    .addOption(new Option('--state <file>', `what is known of the folder; else ${stateName} in it`))
    .addOption(new Option('--poll', 'look again and again instead of being told: for network folders'))
    .addOption(new Option('--once', 'bring the server up to date and end'))
    .addOption(new Option('--attached', 'end when standard input ends: the server that started it is gone').hideHelp())
    .addOption(new Option('--at-once <count>', 'uploads at the same time').default(4).argParser(countUpTo(32)))
    .action(async (directory: string, options: WatchOptions) => watch(directory, options, context));
  withExamples(command, [
    'assetwire watch photos/ --path /press',
    'assetwire watch /mnt/share --path /share --poll --delete ignore',
    'assetwire watch exports/ --once --json',
  ]);
  command.addHelpText(
    'after',
    '\nNew files become assets, changed ones versions; moved and renamed ones, directories too, stay the assets they are. What happened while nobody watched is found at the start. Left out: what begins with a dot, symbolic links, and what programs write on the way (*.part, *.tmp, *.crdownload, ~$*). While the server is away it waits.',
  );
}

async function watch(given: string, options: WatchOptions, context: CliContext): Promise<void> {
  const directory = resolve(given);
  refuseNoDirectory(directory, given);
  const client = connect(options, context);
  const memory = openMemory(
    options.state ?? join(directory, stateName),
    // A server's own watch is about the server of that data directory, wherever that listens today.
    JSON.stringify([options.attached === true ? 'attached' : client.url, options.workspace ?? null, options.path]),
    context.clock,
  );
  const random = createSystemRandom();
  const tell = teller(options, context);
  const counts = { done: 0, failed: 0 };
  await interruptible(context, async (abort) => {
    const { signal } = abort;
    if (options.attached === true) process.stdin.once('end', () => abort.abort()).resume();
    const pending = createPendingPaths(options.settle);
    const noted = (event: WatchEvent): void => {
      counts[event.kind === 'failed' ? 'failed' : 'done'] += 1;
      tell(event);
    };
    const gone = new Set<string>();
    const watcher = await openWatcher(directory, { options, gone, pending, tell: noted });
    try {
      await watcher.ready;
      // What was known and is not there any more happened while nobody watched.
      for (const path of memory.files.keys()) pending.touch(path);
      const apply: ApplyOptions = {
        client,
        directory,
        look: (path) => lookAt(join(directory, path)),
        folder: options.path,
        onDelete: options.delete,
        atOnce: options.atOnce,
        memory,
        draw: () => Buffer.from(random.bytes(16)).toString('hex'),
        signal,
        tell: noted,
      };
      await follow({ pending, gone, memory, apply, once: options.once === true }, context);
    } finally {
      await watcher.close();
      memory.save();
    }
  });
  if (counts.failed > 0)
    throw new CommandError(`Watch must bring every file: ${counts.failed} failed`, 'See why above', exitCodes.failed);
}

type Following = {
  readonly pending: PendingPaths;
  /** Folders that went: not every file in them is told. */
  readonly gone: Set<string>;
  readonly memory: WatchMemory;
  readonly apply: ApplyOptions;
  readonly once: boolean;
};

/** Until the signal; with `once`, until nothing is pending. */
async function follow(following: Following, { clock, stderr }: CliContext): Promise<void> {
  const { pending, gone, memory, apply, once } = following;
  let pauseMs = 0;
  let told = '';
  while (!apply.signal.aborted) {
    for (const path of lostWith(gone, memory.files)) pending.touch(path);
    gone.clear();
    if (pending.size === 0 && once) return;
    if (pending.size > 0) {
      const { kind, text } = await round(following, clock);
      pauseMs = kind === 'held up' ? Math.min(pauseMsMax, Math.max(1_000, pauseMs * 2)) : 0;
      // Said once, however often it is tried again.
      if (kind !== told && text !== '') stderr.write(`${text}\n`);
      told = kind;
    }
    await pause(Math.max(tickMs, pauseMs), clock, apply.signal);
  }
}

type Round = { readonly kind: 'done' | 'held up' | Exclude<RootState, 'there'>; readonly text: string };

/** Sees to what has come to rest; what cannot be seen to now is pending again. */
async function round({ pending, memory, apply, once }: Following, clock: CliContext['clock']): Promise<Round> {
  const { directory, look } = apply;
  const settled = await withMoved(await pending.settle(clock.nowMs(), look), { look, memory });
  const root = await rootState(directory, memory, look);
  if (root !== 'there') {
    // An unmounted disk or a folder that was renamed is no deletion of everything in it.
    const { what, mend } = rootTrouble(root, apply);
    if (once) throw new CommandError(what, mend, exitCodes.failed);
    for (const path of [...settled.ready.map(([at]) => at), ...settled.gone]) pending.touch(path);
    return { kind: root, text: `${what}; ${mend}` };
  }
  const { paths, cause } = await applyChanges(planChanges(settled, memory.files), apply);
  if (pending.size === 0) memory.save();
  for (const path of paths) pending.touch(path);
  return cause === null ? { kind: 'done', text: '' } : { kind: 'held up', text: `${cause.message}; trying again` };
}

function rootTrouble(
  root: Exclude<RootState, 'there'>,
  { directory, memory }: Pick<ApplyOptions, 'directory' | 'memory'>,
): { readonly what: string; readonly mend: string } {
  if (root === 'gone') return { what: `${directory} is not there`, mend: 'nothing is deleted until it is back' };
  return {
    what: `${directory} is another directory than before, and holds none of the ${memory.files.size} files it had`,
    mend: 'nothing is deleted until it is back (is a disk not mounted?); to begin anew with this one, end the watch, remove its state file and start it again',
  };
}

async function withMoved(
  { ready, gone }: Settled,
  { look, memory }: Pick<ApplyOptions, 'look' | 'memory'>,
): Promise<Settled> {
  const missing = new Set(gone);
  for (const path of perhapsMoved({ ready }, memory.files)) if ((await look(path)) === null) missing.add(path);
  return { ready, gone: [...missing] };
}

function pause(delayMs: number, clock: CliContext['clock'], signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', end);
      done();
    };
    const timer = clock.timer(delayMs, end);
    signal.addEventListener('abort', end, { once: true });
  });
}

type Watcher = { readonly ready: Promise<void>; close(): Promise<void> };

async function openWatcher(
  directory: string,
  {
    options,
    gone,
    pending,
    tell,
  }: {
    readonly options: WatchOptions;
    readonly gone: Set<string>;
    readonly pending: PendingPaths;
    readonly tell: (event: WatchEvent) => void;
  },
): Promise<Watcher> {
  const chokidar = await import('chokidar');
  const stateFile = options.state === undefined ? null : resolve(options.state);
  const below = (path: string): string => relative(directory, path).split(sep).join('/');
  const isLeftOut = (path: string): boolean => {
    const inside = below(path);
    return inside.split('/').some((part) => part.startsWith('.') && part !== '') || path === stateFile;
  };
  const isMeant = (path: string): boolean =>
    isSelected(below(path), {
      include: options.include ?? [],
      exclude: [...unfinished, ...(options.exclude ?? [])],
      hidden: false,
    }) && basename(path) !== stateName;
  const watcher = chokidar.watch(directory, {
    followSymlinks: false,
    ignored: (path, stats) => path !== directory && (isLeftOut(path) || stats?.isSymbolicLink() === true),
    alwaysStat: true,
    atomic: false,
    usePolling: options.poll === true,
  });
  watcher.on('all', (event, path) => {
    if (event === 'addDir') return;
    if (event !== 'unlinkDir') {
      if (isMeant(path)) pending.touch(below(path));
      return;
    }
    gone.add(below(path));
  });
  const ready = new Promise<void>((done, fail) => {
    watcher.once('ready', done);
    const unwatched = new Set<string>();
    watcher.on('error', (given) => {
      const error = given instanceof Error ? given : new Error(String(given));
      const code = systemCode(error);
      if (code === 'ENOSPC' || code === 'EMFILE') fail(tooManyWatches(directory, code));
      const at: unknown = Reflect.get(error, 'path');
      const path = typeof at === 'string' ? below(at) : '';
      // One directory that must not be read (`lost+found` of a disk) does not end the watch of the others.
      if (path === '' || unwatched.has(path)) return path === '' ? fail(error) : undefined;
      unwatched.add(path);
      tell({ kind: 'failed', path, error: `It must be readable: it is not (${code ?? error.message})` });
    });
  });
  return { ready, close: () => watcher.close() };
}

function tooManyWatches(directory: string, code: string): CommandError {
  return new CommandError(
    `The system must tell of every directory below ${JSON.stringify(directory)}: there are too many (${code})`,
    'Say --poll, or let it: sysctl fs.inotify.max_user_watches=1048576, ulimit -n 65536',
    exitCodes.failed,
  );
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function refuseNoDirectory(directory: string, given: string): void {
  if (isDirectory(directory)) return;
  const found = `${JSON.stringify(given)} is not`;
  throw new CommandError(`Directory must be there: ${found}`, 'Check the path', exitCodes.usage);
}

const signs: { readonly [Kind in WatchEvent['kind']]: string } = {
  uploaded: '+',
  version: '~',
  moved: '→',
  deleted: '-',
  found: '=',
  failed: '✗',
};

function teller({ json }: WatchOptions, { stdout }: CliContext): (event: WatchEvent) => void {
  const colours = coloursOf(stdout);
  return (event) => {
    if (json === true) return printJsonLine(stdout, event);
    const { kind, path, from, assetId, error } = event;
    const where = from === undefined ? path : `${from} → ${path}`;
    const sign = kind === 'failed' ? colours.red(signs[kind]) : colours.green(signs[kind]);
    stdout.write(`${sign} ${escapeControls(`${where}  ${error ?? assetId ?? ''}`)}\n`);
  };
}
