/** `assetwire demo`: a server in a temporary directory, photographs in, signed webhooks out, each signature checked, a table, and nothing left. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { Option } from 'commander';
import { defaultSettings, type Settings } from '../../runtime/configuration.ts';
import { createLogger } from '../../runtime/logger.ts';
import { createStreamSink } from '../../runtime/log-sink.ts';
import { withExamples } from '../connection-options.ts';
import type { CliContext, RunningServer } from '../context.ts';
import { createClient } from '../client.ts';
import { runDemo } from '../demo/run-demo.ts';
import { printDemo } from '../demo/print-demo.ts';
import { type DemoPeers, startDemoPeers } from '../demo/peers/peers.ts';
import { CommandError } from '../error-report.ts';
import { interruptible } from '../interrupt.ts';
import { coloursOf, printJson } from '../output.ts';

type DemoOptions = { readonly json?: boolean; readonly verbose?: boolean };

export function define(command: Command, context: CliContext): void {
  command
    .addOption(new Option('--json', 'answer in JSON'))
    .addOption(new Option('--verbose', 'show the server’s log on standard error'))
    .action((options: DemoOptions) => demo(options, context));
  withExamples(command, ['assetwire demo', 'assetwire demo --verbose']);
}

async function demo(options: DemoOptions, context: CliContext): Promise<void> {
  const startedAtMs = context.clock.monotonicMs();
  const say = (text: string): void => {
    if (options.json !== true) context.stdout.write(text);
  };
  const colours = coloursOf(context.stdout);
  const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-demo-'));
  let server: RunningServer | null = null;
  let peers: DemoPeers | null = null;
  try {
    await interruptible(context, async ({ signal }) => {
      peers = await startDemoPeers();
      server = await startServer({ dataDir, ...peers.settings }, options, context);
      say(
        `${colours.bold('Assetwire demo')}  ${colours.dim(`a server of its own at ${server.url}, data in ${dataDir}`)}\n\n`,
      );
      const client = createClient({ url: server.url, key: server.localKey });
      const ran = runDemo(client, join(context.programDirectory, 'media'), { clock: context.clock, peers });
      const result = await Promise.race([ran, interrupted(signal)]);
      const tookMs = Math.round(context.clock.monotonicMs() - startedAtMs);
      if (options.json === true) printJson(context.stdout, { ...result, tookMs });
      else printDemo(result, tookMs, context.stdout);
      if (!result.allVerified)
        throw new CommandError(
          `Demo must see every webhook arrive and verify: ${result.verdict}`,
          'Run it again with --verbose',
        );
    });
  } finally {
    await stop(server);
    await stop(peers);
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Rejects at Ctrl-C, so that what the demo made is taken away then too. */
function interrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the demo was interrupted')), { once: true });
  });
}

async function stop(started: Pick<RunningServer, 'stop'> | Pick<DemoPeers, 'stop'> | null): Promise<void> {
  await started?.stop();
}

type Places = Partial<Settings> & Pick<Settings, 'dataDir'>;

function startServer(places: Places, options: DemoOptions, context: CliContext): Promise<RunningServer> {
  // A demo touches neither the user's configuration nor the ports in use.
  const settings = defaultSettings({ ...places, port: 0, logLevel: options.verbose === true ? 'debug' : 'silent' });
  const sink = createStreamSink(process.stderr);
  const logger = createLogger({ level: settings.logLevel, format: 'human', sink, colour: context.stderr.colour });
  return context.server.start({ settings, logger, sink });
}
