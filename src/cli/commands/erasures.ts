/** `assetwire erasures`: how far they have come, and that they were done. */
import type { Command } from 'commander';
import { Argument } from 'commander';
import type { DataErasureView } from '../../app/erasure-cases.ts';
import { connect, type ConnectionOptions } from '../connection.ts';
import { type PageOptions, withConnection, withExamples, withPage } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { type Column, type PageAnswer, printJson, printPage, showTime } from '../output.ts';

export function define(command: Command, context: CliContext): void {
  withPage(withConnection(command.command('list').description('list erasures, newest first'))).action(
    (options: ConnectionOptions & PageOptions) => list(options, context),
  );
  withConnection(command.command('show').description('show how far an erasure has come'))
    .addArgument(new Argument('<id>', 'the erasure, such as ers_01…'))
    .action(async (id: string, options: ConnectionOptions) => {
      const path = `/v1/erasures/${encodeURIComponent(id)}`;
      printErasure(await connect(options, context).get<DataErasureView>(path), options, context);
    });
  withExamples(command, ['assetwire erasures list', 'assetwire erasures show ers_01…']);
}

const columns: readonly Column<DataErasureView>[] = [
  { title: 'ERASURE', text: ({ id }) => id },
  { title: 'BEGUN', text: ({ startedAtMs }) => showTime(startedAtMs) },
  { title: 'OF', text: ({ of, assetId }) => assetId ?? of },
  { title: 'PHASE', text: ({ phase }) => phase },
  { title: 'ROWS', align: 'right', text: ({ rows, past }) => String(rows + past) },
];

async function list(
  { limit, cursor, ...options }: ConnectionOptions & PageOptions,
  context: CliContext,
): Promise<void> {
  const page = await connect(options, context).get<PageAnswer<DataErasureView>>('/v1/erasures', { limit, cursor });
  printPage(context.stdout, page, { json: options.json, columns });
}

export function printErasure(erasure: DataErasureView, { json }: ConnectionOptions, { stdout }: CliContext): void {
  if (json === true) return printJson(stdout, erasure);
  const { id, of, assetId, phase, cancelled, rows, past, endedAtMs } = erasure;
  const ended = endedAtMs === undefined ? '' : `, ended ${showTime(endedAtMs)}`;
  stdout.write(
    `${id}  ${assetId ?? of}  ${phase}${ended}: ${rows} rows, ${past} of the past, ${cancelled} deliveries cancelled\n`,
  );
  if (endedAtMs === undefined) stdout.write(`It goes on by itself; see how far with: assetwire erasures show ${id}\n`);
}
