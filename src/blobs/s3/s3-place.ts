/** `s3://bucket/prefix?region=…&endpoint=…`: where files lie in S3 and how to get there. */
import { OperatorError } from '../../runtime/operator-error.ts';

export type S3Place = {
  readonly bucket: string;
  /** Empty, or with a slash at its end. */
  readonly prefix: string;
  readonly region: string;
  /** Null: Amazon's own of the region. */
  readonly endpoint: string | null;
  /** The bucket in the path instead of the host name: what most other makers' stores want. */
  readonly pathStyle: boolean;
  /** False for stores that do not know the checksums that the client sends by default. */
  readonly checksums: boolean;
  /** Null: from the environment, as the AWS SDK finds them (variables, profile, role of the machine). */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null;
};

const example = 's3://bucket/prefix?region=eu-central-1';
const options: ReadonlySet<string> = new Set(['region', 'endpoint', 'pathStyle', 'checksums']);
const regionDefault = 'us-east-1';

/** Throws an `OperatorError` that never repeats a secret. */
export function readS3Url(text: string): S3Place {
  if (!URL.canParse(text) || !text.startsWith('s3://')) throw unusable('an s3:// URL', 'another text');
  const url = new URL(text);
  const { hostname: bucket, username, password, pathname, searchParams } = url;
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw unusable(
      'the name of a bucket as host, 3 to 63 lower-case letters, digits, dots and hyphens',
      bucket === '' ? 'none' : bucket,
    );
  if (url.port !== '') throw unusable('no port: that of another store goes into endpoint', url.port);
  for (const name of searchParams.keys())
    if (!options.has(name)) throw unusable(`only ${[...options].join(', ')} as options`, name);
  if ((username === '') !== (password === ''))
    throw unusable('an access key and its secret, or neither', 'one of them');
  const prefix = decodeURIComponent(pathname).replace(/^\/+|\/+$/g, '');
  if (prefix.length > 500 || /[^\w!.*'() /-]/.test(prefix))
    throw unusable("a prefix of letters, digits and !-_.*'()/", 'other characters');
  const endpoint = searchParams.get('endpoint');
  if (endpoint !== null && !/^https?:\/\/[^/?#@]+\/?$/.test(endpoint))
    throw unusable('an endpoint such as https://s3.example.com', 'another one');
  return {
    bucket,
    prefix: prefix === '' ? '' : `${prefix}/`,
    region: searchParams.get('region') ?? regionDefault,
    endpoint,
    pathStyle: flag(searchParams.get('pathStyle'), endpoint !== null, 'pathStyle'),
    checksums: flag(searchParams.get('checksums'), true, 'checksums'),
    credentials:
      username === ''
        ? null
        : { accessKeyId: decodeURIComponent(username), secretAccessKey: decodeURIComponent(password) },
  };
}

function flag(text: string | null, absent: boolean, name: string): boolean {
  if (text === null) return absent;
  if (text === 'true' || text === 'false') return text === 'true';
  throw unusable(`${name} to be true or false`, 'something else');
}

/** For logs and the terminal: without credentials. */
export function shownPlace({ bucket, prefix, endpoint }: S3Place): string {
  return `s3://${bucket}/${prefix}${endpoint === null ? '' : ` at ${endpoint}`}`;
}

function unusable(wanted: string, found: string): OperatorError {
  return new OperatorError('configuration', `ASSETWIRE_BLOBS_URL must have ${wanted}: found ${found}`, {
    mend: `Write it as ${example}, with endpoint=https://… for another store than Amazon's`,
  });
}
