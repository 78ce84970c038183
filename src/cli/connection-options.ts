/** Options that several commands share. */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';

const connectionGroup = 'Which server, and how it answers:';

/** Adds the options by which a command finds its server, and `--json`. */
export function withConnection(command: Command): Command {
  const option = (flags: string, text: string): Option => new Option(flags, text).helpGroup(connectionGroup);
  return command
    .addOption(
      option('--url <url>', 'the server; else ASSETWIRE_URL, the one of the data directory, or ASSETWIRE_PORT here'),
    )
    .addOption(option('--key-file <file>', 'file with the key; else ASSETWIRE_KEY, else the local one'))
    .addOption(
      option('--data-dir <directory>', 'data directory of a server on this machine; else ASSETWIRE_DATA_DIR, ./data'),
    )
    .addOption(option('--workspace <id>', 'another workspace than the key’s own (admin keys)'))
    .addOption(option('--json', 'answer in JSON'));
}

export type PageOptions = { readonly limit: number; readonly cursor?: string };

const pageItemsMax = 1_000;

/** Adds `--limit` and `--cursor`. */
export function withPage(command: Command, limit = 50): Command {
  return command
    .addOption(new Option('--limit <count>', 'at most this many').default(limit).argParser(countUpTo(pageItemsMax)))
    .addOption(new Option('--cursor <cursor>', 'go on behind the page whose nextCursor this is'));
}

/** Reads a whole number from 1. */
export function countUpTo(max: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (Number.isInteger(count) && count >= 1 && count <= max && text.trim() !== '') return count;
    throw new InvalidArgumentError(`Wanted a whole number from 1 to ${max}.`);
  };
}

/** Adds examples to a command's help. Each is a whole command line; a test parses them all. */
export function withExamples(command: Command, examples: readonly string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ ${line}`).join('\n')}`);
}
