/** `assetwire assets xmp`: the XMP packet of an asset, as it stands in its file. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { countUpTo, withConnection } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { saveDownload } from '../save-download.ts';
import { assetArgument, at } from './asset-place.ts';

type XmpOptions = ConnectionOptions & {
  readonly output: string;
  readonly assetVersion?: number;
  readonly force?: boolean;
};

export const xmpExamples: readonly string[] = [
  'assetwire assets xmp ast_01kan4c4q0edkxrmnr6dgk2vfp --output flower.xmp',
];

export function defineXmp(command: Command, context: CliContext): void {
  withConnection(command.command('xmp').description('fetch the XMP packet of an asset, as it stands in its file'))
    .addArgument(assetArgument())
    .addOption(new Option('--output <file>', 'where to write it; - for standard output').default('-'))
    .addOption(
      new Option('--asset-version <number>', 'of this version instead of the active one').argParser(countUpTo(10_000)),
    )
    .addOption(new Option('--force', 'replace a file that is there'))
    .action((asset: string, { assetVersion, ...options }: XmpOptions) => {
      const path = assetVersion === undefined ? '/xmp' : `/versions/${assetVersion}/xmp`;
      return saveDownload(connect(options, context), { path: `${at(asset)}${path}`, ...options }, context);
    });
}
