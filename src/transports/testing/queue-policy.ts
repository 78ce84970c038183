/** Whether a queue's policy lets somebody in: as AWS evaluates resource policies, as far as queues need it. */

export type PolicyCaller = {
  /** `arn:aws:iam::111122223333:user/ada` */
  readonly arn: string;
  readonly account: string;
};

export type QueuePolicy = { readonly Statement: readonly PolicyStatement[] };

export type PolicyStatement = {
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal:
    | '*'
    | { readonly AWS?: string | readonly string[]; readonly Service?: string | readonly string[] };
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: { readonly [operator: string]: { readonly [key: string]: string | readonly string[] } };
};

export type PolicyQuestion = {
  readonly caller: PolicyCaller;
  readonly action: string;
  readonly queue: { readonly arn: string; readonly account: string };
};

/** A Deny always counts. In one's own account no Allow is needed: the caller's own policy is taken to have one. */
export function isAllowed(policy: QueuePolicy | null, question: PolicyQuestion): boolean {
  const speaking = (policy?.Statement ?? []).filter((statement) => applies(statement, question));
  if (speaking.some(({ Effect }) => Effect === 'Deny')) return false;
  return question.caller.account === question.queue.account || speaking.some(({ Effect }) => Effect === 'Allow');
}

function applies(
  { Principal, Action, Resource, Condition = {} }: PolicyStatement,
  { caller, action, queue }: PolicyQuestion,
): boolean {
  const principals = Principal === '*' ? ['*'] : listOf(Principal.AWS);
  const named = principals.some(
    (one) =>
      one === '*' || one === caller.arn || one === caller.account || one === `arn:aws:iam::${caller.account}:root`,
  );
  if (!named) return false;
  if (
    !listOf(Action).some((one) => one === '*' || one === 'sqs:*' || one.toLowerCase() === `sqs:${action}`.toLowerCase())
  )
    return false;
  if (!listOf(Resource).some((one) => one === '*' || one === queue.arn)) return false;
  // What a call of an ordinary account does not carry, such as aws:SourceArn, is not equal to anything.
  const known: { readonly [key: string]: string } = {
    'aws:principalaccount': caller.account,
    'aws:principalarn': caller.arn,
  };
  return Object.entries(Condition).every(([operator, conditions]) => {
    const holds = (key: string, wanted: readonly string[]): boolean =>
      wanted.includes(known[key.toLowerCase()] ?? '\0');
    const all = Object.entries(conditions).every(([key, value]) => holds(key, listOf(value)));
    return operator.includes('Not') ? !all : all;
  });
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}
