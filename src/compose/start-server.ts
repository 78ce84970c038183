/** A whole server, from its settings to its address: what `serve` and `demo` run. */
import type { ApiAddress } from '../api/api.ts';
import { type App, scopes } from '../app/app.ts';
import type { AppParts } from '../app/create-app.ts';
import { localKeyName } from '../app/keys.ts';
import { compose } from '../compose.ts';
import { keepInboxCertificate } from '../egress/inbox-certificate.ts';
import type { Engine } from '../engine/engine.ts';
import { systemClock } from '../runtime/clock.ts';
import { ConfigurationError, type Settings } from '../runtime/configuration.ts';
import { readCredentials, writeCredentials } from '../runtime/credentials.ts';
import { openDataDirectory } from '../runtime/data-directory.ts';
import { openVault } from '../runtime/vault-key.ts';
import type { Vault } from '../runtime/vault.ts';
import type { Storage } from '../storage/storage.ts';
import { loadPostgres } from './choose-storage.ts';
import { inboxHost } from './inbox-place.ts';
import { findScannerProblem } from './machine.ts';
import type { ServerOptions } from './server-options.ts';

/** A server that runs; `stop` ends it in order and resolves when nothing of it is left. */
export type StartedServer = {
  readonly url: string;
  readonly publicUrl: string;
  readonly inboxTlsUrl: string | null;
  /** Vendor APIs at the root of ports of their own, by dialect. */
  readonly vendorUrls: ApiAddress['vendorUrls'];
  /** A generated admin key: at the first start only. */
  readonly firstAdminKey: string | null;
  /** The key that the command line on this machine uses. */
  readonly localKey: string;
  /** Opens one session, once, within the hour. */
  readonly signInToken: string;
  readonly app: App;
  readonly engine: Engine;
  readonly storage: Storage;
  stop(): Promise<void>;
};

/** Starts a server on the data directory of its settings. Throws `OperatorError` or `AssetwireError` where it cannot. */
export async function startServer(options: ServerOptions): Promise<StartedServer> {
  const { settings } = options;
  refuseScanner(settings);
  openDataDirectory(settings.dataDir);
  const { vault } = openVault({
    dataDir: settings.dataDir,
    keys: settings.encryptionKey,
    shared: settings.databaseUrl !== null,
  });
  const certificate = keepInboxCertificate({
    directory: settings.dataDir,
    host: inboxHost(settings.host),
    nowMs: systemClock.nowMs(),
  });
  const composition = compose({ ...options, vault, certificate, postgres: await loadPostgres(settings) });
  const address = await composition.start();
  try {
    const { parts, engine, storage } = composition;
    const firstAdminKey = await parts.bootstrap();
    // Many processes share a key of the operator's; one that is alone makes one for the command line beside it.
    const localKey =
      storage.cluster === null ? await localKeyOf(parts, settings.dataDir, vault) : (settings.adminKey ?? '');
    writeCredentials(settings.dataDir, vault, { url: address.url, key: localKey });
    return {
      url: address.url,
      publicUrl: address.publicUrl,
      inboxTlsUrl: address.tlsUrl,
      vendorUrls: address.vendorUrls,
      firstAdminKey,
      localKey,
      signInToken: parts.issueSignInToken(),
      app: parts.app,
      engine,
      storage,
      stop: () => composition.stop(),
    };
  } catch (error) {
    await composition.stop();
    throw error;
  }
}

/** Every file would be withheld: better said now. */
function refuseScanner(settings: Settings): void {
  const found = findScannerProblem(settings);
  if (found === null) return;
  const wanted = 'a command that can be started';
  throw new ConfigurationError([{ at: 'ASSETWIRE_SCAN_COMMAND', wanted, found }]);
}

/** The key of the command line on this machine, made once and kept sealed in the data directory. */
async function localKeyOf({ app, issueKey }: AppParts, dataDir: string, vault: Vault): Promise<string> {
  const kept = readCredentials(dataDir, vault)?.key ?? null;
  if (kept !== null && (await app.keys.authenticate(kept, undefined)) !== null) return kept;
  return issueKey({ name: localKeyName, admin: true, scopes: [...scopes] });
}
