import type { Command } from 'commander';
import { Option } from 'commander';

/** Adds the options by which a command finds its server, and `--json`. */
export function withConnection(command: Command): Command {
  return command
    .addOption(new Option('--url <url>', 'the server; else ASSETWIRE_URL, else the one of the data directory'))
    .addOption(new Option('--key-file <file>', 'file with the key; else ASSETWIRE_KEY, else the local one'))
    .addOption(
      new Option(
        '--data-dir <directory>',
        'data directory of a server on this machine; else ASSETWIRE_DATA_DIR, else ./data',
      ),
    )
    .addOption(new Option('--workspace <id>', 'another workspace than the key’s own (admin keys)'))
    .addOption(new Option('--json', 'answer in JSON'));
}
