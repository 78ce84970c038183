import { execFileSync } from 'node:child_process';

/** The files of the repository below `root`, tracked or about to be; outside git (a packed copy) there are none to judge. */
export function repositoryFiles(root: string): readonly string[] {
  const output = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return output.split('\n').filter((file) => file !== '');
}
