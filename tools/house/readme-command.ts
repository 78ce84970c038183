import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The command that runs every test stands in the README, and `.ci/run` runs exactly that. */
export async function checkReadmeCommand(root: string): Promise<readonly string[]> {
  return commandProblems(readFileSync(join(root, 'README.md'), 'utf8'), readFileSync(join(root, '.ci/run'), 'utf8'));
}

export const testCommand = 'npm install && npm test';

/** What is wrong between README and continuous integration. */
export function commandProblems(readme: string, script: string): readonly string[] {
  const problems: string[] = [];
  if (!readme.split('\n').some((line) => line.replace(/\s+#.*$/, '') === testCommand)) {
    problems.push(`README.md must tell to run the tests with "${testCommand}" on a line of its own`);
  }
  if (!script.includes(`(${testCommand})`)) problems.push(`.ci/run must run "${testCommand}"`);
  return problems;
}
