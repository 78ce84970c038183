import { runCommandLine } from '../../src/cli/program.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { DrawnSection } from './sections.ts';

/** What `--help` says, as on a terminal of 100 columns. */
async function helpOf(root: string, words: readonly string[]): Promise<string> {
  let text = '';
  const output = { write: (part: string) => void (text += part), isTty: false, columns: 100, colour: false };
  const never = async (): Promise<never> => {
    throw new Error('Help needs no server');
  };
  await runCommandLine([...words, '--help'], {
    version: '0.1.0',
    environment: {},
    clock: systemClock,
    stdout: output,
    stderr: output,
    server: { start: never, checkStore: never },
    programDirectory: root,
  });
  return text.trimEnd();
}

/** The names below "Commands:". */
export function commandNames(help: string): readonly string[] {
  const [, list = ''] = help.split(/^Commands:\n/m);
  return [...list.matchAll(/^ {2}([a-z][a-z-]*)\b/gm)].map(([, name = '']) => name).filter((name) => name !== 'help');
}

async function drawCommands(root: string): Promise<string> {
  const parts: string[] = [];
  const show = async (words: readonly string[]): Promise<void> => {
    const help = await helpOf(root, words);
    const level = '#'.repeat(2 + words.length);
    if (words.length > 0) parts.push(`${level} ${words.join(' ')}`);
    parts.push(`\`\`\`text\n${help}\n\`\`\``);
    for (const name of commandNames(help)) await show([...words, name]);
  };
  await show([]);
  return parts.join('\n\n');
}

export const commandLineSections: readonly DrawnSection[] = [
  { page: 'docs/reference/cli.md', name: 'commands', draw: drawCommands },
];
