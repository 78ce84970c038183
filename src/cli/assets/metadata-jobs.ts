/** `assetwire metadata-fields jobs` and `stop-job`: work on the metadata of many assets. */
import { Argument, type Command } from 'commander';
import type { MetadataJobView } from '../../app/app.ts';
import { connect, type ConnectionOptions } from '../connection.ts';
import { type PageOptions, withConnection, withPage } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { type Column, type PageAnswer, printJson, printPage, showTime } from '../output.ts';

export function defineMetadataJobs(command: Command, context: CliContext): void {
  withPage(
    withConnection(command.command('jobs').description('list work on the metadata of many assets, newest first')),
  ).action((options: ConnectionOptions & PageOptions) => jobs(options, context));
  withConnection(command.command('stop-job').description('stop such work; what it changed stays changed'))
    .addArgument(new Argument('<id>', 'the job'))
    .action((job: string, options: ConnectionOptions) => stopJob(job, options, context));
}

async function jobs(
  { limit, cursor, ...options }: ConnectionOptions & PageOptions,
  context: CliContext,
): Promise<void> {
  const page = await connect(options, context).get<PageAnswer<MetadataJobView>>('/v1/metadata-jobs', { limit, cursor });
  const columns: readonly Column<MetadataJobView>[] = [
    { title: 'JOB', text: ({ id }) => id },
    { title: 'WHAT', text: ({ work }) => work.kind },
    { title: 'STATE', text: ({ state }) => state },
    { title: 'BEGUN', text: ({ createdAtMs }) => showTime(createdAtMs) },
    { title: 'LOOKED AT', align: 'right', text: ({ looked }) => String(looked) },
    { title: 'CHANGED', align: 'right', text: ({ changed }) => String(changed) },
    { title: 'FAILED', align: 'right', text: ({ failed }) => String(failed) },
  ];
  printPage(context.stdout, page, { json: options.json, columns });
}

async function stopJob(id: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  const job = await connect(options, context).send<MetadataJobView>(
    'DELETE',
    `/v1/metadata-jobs/${encodeURIComponent(id)}`,
  );
  if (options.json === true) printJson(context.stdout, job);
  else context.stdout.write(`✓ ${job.id} is ${job.state}: ${job.changed} of ${job.looked} were changed\n`);
}
