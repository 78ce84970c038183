import type { Settings } from '../../runtime/configuration.ts';
import type { CliContext } from '../context.ts';
import type { Finding } from './diagnose.ts';

/** Whether pictures and clips of films will be made; that they are not is nothing wrong, unless a program was named. */
export async function checkFilms(settings: Settings, { server }: CliContext): Promise<Finding> {
  const name = 'Films';
  if (server.findFilmTool === undefined) return { name, result: 'info', detail: 'not looked at' };
  const tool = await server.findFilmTool(settings);
  if (tool.state === 'found') return { name, result: 'ok', detail: `ffmpeg ${tool.version} at ${tool.path}` };
  const detail = `no pictures and clips of films are made: ${tool.note}`;
  if (tool.state === 'off' || settings.ffmpeg === 'auto') return { name, result: 'info', detail };
  return {
    name,
    result: 'warning',
    detail,
    mend: 'Correct ASSETWIRE_FFMPEG, or leave it out: auto finds one on the PATH',
  };
}

/** Whether a virus scanner looks at what comes in; without one nothing is wrong, with one that cannot be started nothing starts. */
export async function checkScanner(settings: Settings, { server }: CliContext): Promise<Finding> {
  const name = 'Virus scanner';
  if (settings.scanCommand === null) return { name, result: 'info', detail: 'none is set: files are not scanned' };
  const problem = await server.findScannerProblem?.(settings);
  if (problem === undefined) return { name, result: 'info', detail: 'not looked at' };
  if (problem === null) return { name, result: 'ok', detail: settings.scanCommand };
  return { name, result: 'failed', detail: problem, mend: 'Correct ASSETWIRE_SCAN_COMMAND, or leave it out' };
}

/** Whether what is uploaded is looked into: without it every asset is ready with a note, and no pictures are made. */
export async function checkReading({ server }: CliContext): Promise<readonly Finding[]> {
  const tried = await server.tryReadingFiles?.();
  if (tried === undefined) return [];
  const name = 'Inspection';
  if (tried.ok) return [{ name, result: 'ok', detail: tried.detail }];
  const mend =
    'Install again (npm ci) with the user that runs the server, who must be able to start processes and read node_modules';
  return [{ name, result: 'failed', detail: tried.detail, mend }];
}
