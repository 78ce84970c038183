/** Progress of an upload on a terminal: a line for each file under way and one for the whole, drawn in place. */
import { escapeControls } from '../../runtime/log-human.ts';
import type { CliContext } from '../context.ts';
import { showBytes } from '../output.ts';
import type { LocalFile } from './find-files.ts';

export interface UploadProgress {
  /** Before the sending: what is being looked at. */
  note(what: string): void;
  sent(file: LocalFile, bytes: number): void;
  /** A file has ended, well or not; `line` stays above the bars. */
  done(file: LocalFile, line: string): void;
  end(): void;
}

export type Whole = { readonly files: number; readonly bytes: number };

/** A terminal need not be drawn more often than the eye follows. */
const drawEveryMs = 100;
const linesMax = 8;

/** Bars on standard error where that is a terminal; elsewhere the lines of ended files and nothing more. */
export function createUploadProgress(
  context: Pick<CliContext, 'stdout' | 'stderr' | 'clock'>,
  quiet: boolean,
): {
  readonly progress: UploadProgress;
  start(whole: Whole): void;
} {
  const { stdout, stderr, clock } = context;
  const startedAt = { ms: clock.monotonicMs(), whole: { files: 0, bytes: 0 } };
  const under = new Map<LocalFile['path'], { readonly file: LocalFile; bytes: number }>();
  const ended = { files: 0, bytes: 0 };
  let drawnAtMs = Number.NEGATIVE_INFINITY;
  let drawnLines = 0;
  const clear = (): void => {
    // Up over the lines drawn last, and away with them.
    if (drawnLines > 0) stderr.write(`\r${drawnLines > 1 ? `\u001b[${drawnLines - 1}A` : ''}\u001b[J`);
    drawnLines = 0;
  };
  const draw = (lines: readonly string[], now: boolean): void => {
    if (!stderr.isTty || quiet) return;
    if (!now && clock.monotonicMs() - drawnAtMs < drawEveryMs) return;
    drawnAtMs = clock.monotonicMs();
    clear();
    const fitting = lines.map((line) => escapeControls(line).slice(0, stderr.columns - 1));
    stderr.write(fitting.join('\n'));
    drawnLines = fitting.length;
  };
  const all = (): readonly string[] => {
    const files = [...under.values()].slice(0, linesMax).map(({ file, bytes }) => fileLine(file, bytes));
    const bytes = ended.bytes + [...under.values()].reduce((sum, one) => sum + one.bytes, 0);
    const tookMs = clock.monotonicMs() - startedAt.ms;
    return [...files, wholeLine({ files: ended.files, bytes }, startedAt.whole, tookMs)];
  };
  return {
    start(whole) {
      startedAt.ms = clock.monotonicMs();
      startedAt.whole = whole;
    },
    progress: {
      note: (what) => draw([what], false),
      sent(file, bytes) {
        const one = under.get(file.path);
        if (one === undefined) under.set(file.path, { file, bytes });
        else one.bytes = bytes;
        draw(all(), false);
      },
      done(file, line) {
        under.delete(file.path);
        ended.files += 1;
        ended.bytes += file.bytes;
        if (quiet) return;
        clear();
        stdout.write(`${line}\n`);
        draw(all(), true);
      },
      end: clear,
    },
  };
}

function bar(share: number, width: number): string {
  return '█'.repeat(Math.round(share * width)).padEnd(width, '░');
}

function shareOf(part: number, whole: number): number {
  return whole === 0 ? 1 : Math.min(1, part / whole);
}

function percent(share: number): string {
  return `${String(Math.floor(share * 100)).padStart(3)} %`;
}

function fileLine({ name, bytes }: LocalFile, sent: number): string {
  const share = shareOf(sent, bytes);
  return `  ${bar(share, 10)} ${percent(share)}  ${showBytes(bytes).padStart(10)}  ${name}`;
}

/** The whole: share by bytes, files, rate and what is left at that rate. */
export function wholeLine(done: Whole, whole: Whole, tookMs: number): string {
  const share = shareOf(done.bytes, whole.bytes);
  const rate = tookMs < 500 ? 0 : (done.bytes / tookMs) * 1_000;
  const left = rate === 0 ? '' : `  ${showSeconds((whole.bytes - done.bytes) / rate)} left`;
  const speed = rate === 0 ? '' : `  ${showBytes(rate)}/s`;
  const files = `${done.files} of ${whole.files} files`;
  return `${bar(share, 20)} ${percent(share)}  ${files}  ${showBytes(done.bytes)} of ${showBytes(whole.bytes)}${speed}${left}`;
}

function showSeconds(seconds: number): string {
  const whole = Math.ceil(Math.max(0, seconds));
  if (whole < 60) return `${whole} s`;
  return whole < 3_600 ? `${Math.ceil(whole / 60)} min` : `${(whole / 3_600).toFixed(1)} h`;
}
