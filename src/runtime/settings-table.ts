/**
 * Every setting in one table. Command-line flags, environment variables, the file `assetwire.json`, `doctor` and
 * docs/reference/configuration.md are all drawn from it, so a setting cannot exist in one place and be missing in another.
 */
import type { SettingType } from './setting-values.ts';

export type SettingRow = {
  /** The name in `Settings`, in `assetwire.json` and, in kebab-case, of the flag. */
  readonly name: string;
  readonly type: SettingType;
  /** As it would be written in the environment; null where absence means something of its own (see `summary`). */
  readonly default: string | null;
  readonly unit?: string;
  readonly summary: string;
  /** Never printed; may also be given as a file (`ASSETWIRE_…_FILE`). */
  readonly secret?: true;
};

export const settingRows = [
  {
    name: 'host',
    type: { kind: 'text', charactersMax: 253 },
    default: '127.0.0.1',
    summary: 'Address to listen on. 0.0.0.0 opens the server to the network',
  },
  {
    name: 'port',
    type: { kind: 'integer', min: 0, max: 65_535 },
    default: '8484',
    summary: 'Port to listen on; 0 takes a free one',
  },
  {
    name: 'inboxTlsPort',
    type: { kind: 'integer', min: 0, max: 65_535 },
    default: null,
    summary: 'Port of the inbox’s TLS listener; absent: the port + 1, or a free one where the port is 0',
  },
  {
    name: 'publicUrl',
    type: { kind: 'url' },
    default: null,
    summary: 'The URL under which receivers and browsers reach this server; absent: the address it listens on',
  },
  {
    name: 'dataDir',
    type: { kind: 'path' },
    default: './data',
    summary: 'Directory for database, files and keys; made with mode 0700',
  },
  {
    name: 'adminKey',
    type: { kind: 'text', charactersMin: 32, charactersMax: 512 },
    default: null,
    secret: true,
    summary: 'The admin key; absent: one is generated at the first start and printed once',
  },
  {
    name: 'encryptionKey',
    type: { kind: 'keys' },
    default: null,
    secret: true,
    summary:
      'Key that seals secrets at rest: 32 bytes as base64 or hex. Several, separated by commas: the first seals, all open (rotation). Absent: one is generated into the data directory',
  },
  {
    name: 'allowedTargets',
    type: { kind: 'targets' },
    default: '',
    summary:
      'What webhooks may reach although it is private or special: ranges, addresses, address:port, names, *.suffixes, e.g. 127.0.0.0/8,10.1.0.0/16',
  },
  {
    name: 'deniedTargets',
    type: { kind: 'targets' },
    default: '',
    summary:
      'What webhooks must not reach although it is public: ranges, addresses, address:port, names, *.suffixes. Goes before allowedTargets',
  },
  {
    name: 'egressProxyUrl',
    type: { kind: 'proxy' },
    default: null,
    secret: true,
    summary:
      'The proxy that all calls to receivers leave by, with CONNECT to the address that was judged: http://user:password@host:port or https://; absent: they leave directly',
  },
  {
    name: 'trustedProxies',
    type: { kind: 'ranges' },
    default: '',
    summary:
      'Proxies in front of this server: addresses or ranges whose X-Forwarded-For names the caller in audit and against guessing. From anybody else the header is not looked at',
  },
  {
    name: 'metricsOpen',
    type: { kind: 'choice', of: ['yes', 'no'] },
    default: 'no',
    summary: 'yes: /metrics answers anybody who reaches the port; no: it wants a key with settings:read',
  },
  {
    name: 'uploadBytesMax',
    type: { kind: 'bytes', min: 1_024, max: 1024 ** 4 },
    default: '1GiB',
    unit: 'bytes',
    summary: 'Largest file that may be uploaded (KiB, MiB, GiB are understood)',
  },
  {
    name: 'watch',
    type: { kind: 'path' },
    default: null,
    summary:
      'A folder on this machine whose files become assets of the workspace default, with what happens to them there; absent: none. See `assetwire watch`',
  },
  {
    name: 'watchFolder',
    type: { kind: 'text', charactersMax: 1_000 },
    default: '/',
    summary: 'The folder in Assetwire that it is',
  },
  {
    name: 'workspaceBytesMax',
    type: { kind: 'bytes', min: 0, max: 2 ** 50 },
    default: '0',
    unit: 'bytes',
    summary:
      'How much of files a workspace may hold where it has no quota of its own, versions, renditions and trash included (KiB, MiB, GiB, TiB are understood). 0: no bound',
  },
  {
    name: 'workspaceFilesMax',
    type: { kind: 'integer', min: 0, max: 1_000_000_000 },
    default: '0',
    unit: 'files',
    summary: 'How many files a workspace may hold where it has no quota of its own, counted likewise. 0: no bound',
  },
  {
    name: 'workspaceChangesPerSecondMax',
    type: { kind: 'integer', min: 0, max: 1_000_000 },
    default: '0',
    unit: 'changes per second',
    summary:
      'How many changes a second callers of a workspace may have written by each process, where it has no quota of its own; ten seconds of it at once. 0: no bound',
  },
  {
    name: 'renditions',
    type: { kind: 'choice', of: ['on', 'off'] },
    default: 'on',
    summary: 'Whether smaller pictures (250, 750 and 1,000 px) are made of those that are uploaded',
  },
  {
    name: 'embeddedMetadata',
    type: { kind: 'choice', of: ['all', 'public', 'none'] },
    default: 'all',
    summary:
      'What is kept of the metadata that a file carries: all of it; public, without place, owner and serial numbers; or none. The file itself stays as it is',
  },
  {
    name: 'ffmpeg',
    type: { kind: 'text', charactersMax: 1_024 },
    default: 'auto',
    summary:
      'The ffmpeg that makes pictures and clips of films: auto, the one on the PATH; off, none; or the absolute path of a program',
  },
  {
    name: 'scanCommand',
    type: { kind: 'text', charactersMax: 1_024 },
    default: null,
    summary:
      'A virus scanner for every file that comes in: an absolute path with its arguments, the file last or where {file} stands. Exit status 0: clean; 1: infected; another: it could not look',
  },
  {
    name: 'scanSeconds',
    type: { kind: 'integer', min: 1, max: 3_600 },
    default: '60',
    unit: 'seconds',
    summary: 'How long one scan may take',
  },
  {
    name: 'retentionDays',
    type: { kind: 'integer', min: 1, max: 3_650 },
    default: '30',
    unit: 'days',
    summary: 'How long changes, ended deliveries and attempts are kept; what is still owed is never dropped',
  },
  {
    name: 'shutdownSeconds',
    type: { kind: 'integer', min: 1, max: 600 },
    default: '25',
    unit: 'seconds',
    summary: 'How long a stop waits for attempts in flight before they are marked interrupted',
  },
  {
    name: 'otlpUrl',
    type: { kind: 'url' },
    default: null,
    summary:
      'Where OpenTelemetry traces go by OTLP over HTTP, such as http://127.0.0.1:4318 (/v1/traces is added); absent: no traces',
  },
  {
    name: 'tracePercent',
    type: { kind: 'integer', min: 0, max: 100 },
    default: '100',
    unit: 'percent',
    summary: 'Share of changes that are traced, each with all its attempts',
  },
  {
    name: 'logLevel',
    type: { kind: 'choice', of: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] },
    default: 'info',
    summary: 'The least severe records to log',
  },
  {
    name: 'logFormat',
    type: { kind: 'choice', of: ['auto', 'json', 'human'] },
    default: 'auto',
    summary: 'json: one object per line; human: one readable line per record; auto: human on a terminal, else json',
  },
  {
    name: 'databaseUrl',
    type: { kind: 'text', charactersMax: 2_048 },
    default: null,
    secret: true,
    summary:
      'A postgres:// URL, several hosts separated by commas; any number of processes may share it. Absent: SQLite in the data directory',
  },
  {
    name: 'databaseDirectUrl',
    type: { kind: 'text', charactersMax: 2_048 },
    default: null,
    secret: true,
    summary:
      'Where databaseUrl leads to a pooler in transaction mode: the URL past it, for the one connection that listens. Absent: databaseUrl',
  },
  {
    name: 'databasePooler',
    type: { kind: 'choice', of: ['yes', 'no'] },
    default: 'no',
    summary:
      'yes: databaseUrl leads to a pooler in transaction mode (PgBouncer), so no statement is prepared on a connection',
  },
  {
    name: 'databaseConnections',
    type: { kind: 'integer', min: 3, max: 200 },
    default: '10',
    summary:
      'Connections to PostgreSQL that this process may hold, beside the one that listens and two for the index of searches where assets are searched',
  },
  {
    name: 'databaseDurability',
    type: { kind: 'choice', of: ['strict', 'weak'] },
    default: 'strict',
    summary:
      'strict: a PostgreSQL that may lose what it has confirmed (fsync, full_page_writes or synchronous_commit off) is refused; weak: it is used all the same',
  },
  {
    name: 'engine',
    type: { kind: 'choice', of: ['on', 'off'] },
    default: 'on',
    summary:
      'off: this process takes requests and delivers nothing; others on the same PostgreSQL do (serve --no-engine)',
  },
  {
    name: 'sharedFilesDir',
    type: { kind: 'path' },
    default: null,
    summary:
      'A directory for files that all processes on one PostgreSQL have mounted; absent: each keeps files in its own data directory, and a second process is refused',
  },
  {
    name: 'startPaused',
    type: { kind: 'choice', of: ['yes', 'no'] },
    default: 'no',
    summary:
      'yes: nothing is sent until the server is started without it; for looking at a restored installation first',
  },
  {
    name: 'smtpUrl',
    type: { kind: 'smtp' },
    default: null,
    secret: true,
    summary:
      'The SMTP server that mails go by, notices and deliveries alike: smtp://user:password@host:port or smtps://; absent: no mail is sent',
  },
  {
    name: 'smtpTls',
    type: { kind: 'choice', of: ['offered', 'required', 'off'] },
    default: 'offered',
    summary:
      'STARTTLS on a connection that begins without TLS. offered: where the server offers it; required: without it nothing is sent, no password either; off: never',
  },
  {
    name: 'smtpConnections',
    type: { kind: 'integer', min: 1, max: 50 },
    default: '5',
    summary: 'Connections to the SMTP server that may be open at once; each is used for many mails',
  },
  {
    name: 'mailFrom',
    type: { kind: 'address' },
    default: 'assetwire@localhost',
    summary: 'Sender of the mails',
  },
  {
    name: 'mailFromName',
    type: { kind: 'text', charactersMax: 100 },
    default: 'Assetwire',
    summary: 'Name shown beside the sender of the mails',
  },
  {
    name: 'dkimKey',
    type: { kind: 'pem' },
    default: null,
    secret: true,
    summary:
      'Private key (PEM, RSA or Ed25519) that mails are signed with by DKIM, for the domain of mailFrom; absent: they are not signed',
  },
  {
    name: 'dkimSelector',
    type: { kind: 'text', charactersMax: 63 },
    default: 'assetwire',
    summary: 'Where the public half of dkimKey is published: SELECTOR._domainkey.DOMAIN',
  },
  {
    name: 'sqsEndpoint',
    type: { kind: 'url' },
    default: null,
    summary:
      'Sends what goes to Amazon SQS queues to another address, such as http://127.0.0.1:4566 of an emulator; it must be opened with allowedTargets. Absent: Amazon’s own, by the region in the ARN',
  },
  {
    name: 'sqsCredentials',
    type: { kind: 'choice', of: ['server', 'webhook'] },
    default: 'server',
    summary:
      'server: webhooks without AWS keys send with those the AWS SDK finds for the server (environment, profile, role); webhook: each must bring its own, as where tenants do not trust each other',
  },
  {
    name: 'sqsPrincipal',
    type: { kind: 'text', charactersMax: 200 },
    default: null,
    summary:
      'ARN of the AWS account, role or user that the server’s own keys belong to: shown in the security policy that owners of queues add',
  },
  {
    name: 'blobsUrl',
    type: { kind: 'text', charactersMax: 2_048 },
    default: null,
    secret: true,
    summary:
      'Where files lie: s3://bucket/prefix?region=…, with endpoint=https://… for another store than Amazon’s; credentials as the AWS SDK finds them, or s3://KEY:SECRET@bucket; absent: the data directory',
  },
  {
    name: 'snsUrl',
    type: { kind: 'url' },
    default: null,
    summary:
      'Base of the certificate, confirmation and unsubscription links in SNS messages of Bynder’s dialect; absent: /bynder/sns below the public URL',
  },
  {
    name: 'clusterProperties',
    type: { kind: 'path' },
    default: null,
    summary:
      "A file of properties as the vendor's server has it, read at start and when it changes, for the workspace default; absent: cluster-properties.txt in the data directory, where there is one",
  },
  {
    name: 'dialectListen',
    type: { kind: 'listeners' },
    default: null,
    summary:
      'Ports at whose root the API of a vendor stands, as the vendor has it: dialect=host:port, separated by commas, such as woodwing=127.0.0.1:8600; absent: below /woodwing and so on only',
  },
] as const satisfies readonly SettingRow[];

export type SettingName = (typeof settingRows)[number]['name'];

/** `uploadBytesMax` → `ASSETWIRE_UPLOAD_BYTES_MAX`. */
export function environmentName(name: string): string {
  return `ASSETWIRE_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** `uploadBytesMax` → `--upload-bytes-max`. */
export function flagName(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Variables of ours that are no settings of the server: the CLI's own, and the tests'. */
export const otherVariables = {
  ASSETWIRE_URL: 'The server that the command line talks to',
  ASSETWIRE_KEY: 'The key that the command line uses',
  ASSETWIRE_KEY_FILE: 'A file that holds the key that the command line uses',
  ASSETWIRE_SECRET: 'The signing secret that the command verify checks with',
} as const;
export const testVariablePrefix = 'ASSETWIRE_TEST_';
