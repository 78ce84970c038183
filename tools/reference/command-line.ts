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

/** The help of the program has its commands in groups; below these titles it lists something else. */
const otherParts = /^(?:Usage|Arguments|Options|Which server|Exit codes)\b/;

/** The names of commands: of the program in whatever groups they are listed, of a command below "Commands:". */
export function commandNames(help: string): readonly string[] {
  const ofProgram = help.startsWith('Usage: assetwire [options]');
  return help
    .split(/\n\n/)
    .filter((part) => (ofProgram ? /^\S.*:\n/.test(part) && !otherParts.test(part) : part.startsWith('Commands:\n')))
    .flatMap((part) => [...part.matchAll(/^ {2}([a-z][a-z-]*)(?= )/gm)].map(([, name = '']) => name))
    .filter((name) => name !== 'help');
}

/** Help text by command, such as `webhooks create`, in the order of the help; the program itself is the empty text. */
export async function commandTree(root: string): Promise<ReadonlyMap<string, string>> {
  const tree = new Map<string, string>();
  const add = async (words: readonly string[]): Promise<void> => {
    const help = await helpOf(root, words);
    // Words of the help that are taken for a command show the help of the whole again, for ever.
    if (!help.startsWith(`Usage: ${['assetwire', ...words].join(' ')} `)) {
      throw new Error(`The help lists a command "${words.join(' ')}": there is none`);
    }
    tree.set(words.join(' '), help);
    for (const name of commandNames(help)) await add([...words, name]);
  };
  await add([]);
  return tree;
}

async function drawCommands(root: string): Promise<string> {
  const parts = [...(await commandTree(root))].map(([words, help]) => {
    const title = words === '' ? '' : `${'#'.repeat(2 + words.split(' ').length)} ${words}\n\n`;
    return `${title}\`\`\`text\n${help}\n\`\`\``;
  });
  return parts.join('\n\n');
}

export const commandLineSections: readonly DrawnSection[] = [
  { page: 'docs/reference/cli.md', name: 'commands', draw: drawCommands },
];
