/** `assetwire transports`: does the mail server take our mails, does Amazon SQS take our messages? */
import { Argument, type Command } from 'commander';
import type { TransportCheck } from '../../app/transport-checks.ts';
import { connect, type ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { coloursOf, printJson } from '../output.ts';
import { escapeControls } from '../../runtime/log-human.ts';

export function define(command: Command, context: CliContext): void {
  withConnection(command.command('check-email'))
    .description('send a test mail by the mail server of the installation')
    .addArgument(new Argument('<address>', 'who gets it'))
    .action((to: string, options: ConnectionOptions) => check('email', { to }, { options, context }));
  withConnection(command.command('check-sqs'))
    .description('send a test message to a queue, with the AWS keys of the installation')
    .addArgument(new Argument('<arn>', 'ARN of the queue'))
    .action((queue: string, options: ConnectionOptions) => check('sqs', { queue }, { options, context }));
  withExamples(command, [
    'assetwire transports check-email ops@example.com',
    'assetwire transports check-sqs arn:aws:sqs:eu-central-1:123456789012:dam-events --json',
  ]);
  command.addHelpText('after', '\nOne real message goes out, once. Exit code 1 where it was not taken.');
}

async function check(
  transport: TransportCheck['transport'],
  body: object,
  { options, context }: { readonly options: ConnectionOptions; readonly context: CliContext },
): Promise<void> {
  const { stdout } = context;
  const client = connect(options, context);
  const found = await client.send<TransportCheck>('POST', `/v1/transports/${transport}/check`, body);
  if (options.json === true) printJson(stdout, found);
  const { ok, server, tookMs, wanted, found: came, mend } = found;
  if (!ok) throw new CommandError(`Wanted ${wanted}: found ${came}`, mend);
  if (options.json === true) return;
  const colours = coloursOf(stdout);
  stdout.write(`${colours.green('✓')} ${escapeControls(`${server ?? ''}, ${tookMs} ms: ${came}`)}\n`);
  stdout.write(`  ${colours.dim(escapeControls(mend))}\n`);
}
