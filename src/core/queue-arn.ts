/**
 * The ARN of an Amazon SQS queue, read strictly: what is stored, shown, judged and called is this one text, and no part of it
 * can lead a URL that is built of it elsewhere. Form: `arn:aws:sqs:REGION:ACCOUNT:QUEUE` (docs.aws.amazon.com, "Amazon SQS
 * policy actions and resources", read 2026-11-22); queue names have 1 to 80 letters, digits, hyphens and underscores.
 */

export type QueueArn = {
  readonly arn: string;
  /** `aws`, `aws-cn`, `aws-us-gov`: whose clouds these are. */
  readonly partition: string;
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
  readonly name: string;
};

export type QueueArnReading =
  | { readonly ok: true; readonly queue: QueueArn }
  /** `wanted` and `found` fit a `Problem`. */
  | { readonly ok: false; readonly wanted: string; readonly found: string };

const wanted = 'the ARN of a standard queue, such as arn:aws:sqs:eu-central-1:123456789012:my-queue';
const charactersMax = 200;
const partitions = ['aws', 'aws-cn', 'aws-us-gov'];

/** Reads an ARN, or says what is wrong with it. Total over any text. */
export function readQueueArn(text: string): QueueArnReading {
  const refused = (found: string): QueueArnReading => ({ ok: false, wanted, found });
  if (text.length > charactersMax) return refused(`${text.length} characters`);
  if (/^https?:/i.test(text))
    return refused('a URL; the ARN of a queue stands beside its URL in the console of Amazon SQS');
  const [head, partition = '', service, region = '', account = '', name = '', ...rest] = text.split(':');
  if (head !== 'arn') return refused('a text that does not begin with arn:');
  if (!partitions.includes(partition))
    return refused(`the partition "${shown(partition)}", none of ${partitions.join(', ')}`);
  if (service !== 'sqs') return refused(`the service "${shown(service ?? '')}", not sqs`);
  if (!/^[a-z]{2}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/.test(region))
    return refused(`"${shown(region)}" where the region belongs`);
  if (!/^\d{12}$/.test(account)) return refused(`"${shown(account)}" where the twelve digits of the account belong`);
  if (rest.length > 0) return refused('something behind the name of the queue');
  if (name.endsWith('.fifo')) return refused('a FIFO queue (its name ends in .fifo), which is not supported');
  if (!/^[A-Za-z0-9_-]{1,80}$/.test(name)) return refused(`"${shown(name)}" where the name of the queue belongs`);
  return { ok: true, queue: { arn: text, partition, region, account, name } };
}

/** Where the queue answers: of Amazon's partitions only the Chinese one has a domain of its own. */
export function queueOrigin({ partition, region }: Pick<QueueArn, 'partition' | 'region'>): string {
  return `https://sqs.${region}.${partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com'}`;
}

function shown(text: string): string {
  return text.slice(0, 40).replaceAll(/[^\x20-\x7e]/g, '?');
}
