/**
 * What the owner of a queue has to do before deliveries arrive in it: the security policy that Bynder shows before a
 * configuration with Amazon SQS is saved. There the principal is SNS itself; here messages come by ordinary calls of
 * `SendMessage`, so it is the account that this server sends as.
 */
import type { ReceiverSetupInput, SetupStep } from '../dialect.ts';

/** In the place of what nobody told us. */
const unknownPrincipal = 'arn:aws:iam::<ACCOUNT OF THIS SERVER>:root';

export function receiverSetup({ target, awsPrincipal, ownKeys }: ReceiverSetupInput): readonly SetupStep[] {
  if (target.transport !== 'sqs') return [];
  const confirm: SetupStep = {
    title: 'Confirm the subscription',
    text: 'Take the message of Type "SubscriptionConfirmation" out of the queue within 48 hours and visit its SubscribeURL. Until then nothing else is sent.',
  };
  if (ownKeys) {
    return [
      {
        title: 'Let the keys of this configuration send to the queue',
        text: 'The configuration brings its own AWS keys: their user or role needs the permission sqs:SendMessage for the queue, by its own policy if it is in the account of the queue, else by the policy of the queue too.',
      },
      confirm,
    ];
  }
  return [
    {
      title: 'Add the security policy to the queue',
      text: 'In the console of Amazon SQS: the queue, Queue policies, Edit, Access policy. Add the statement to those that are there.',
      document: {
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'AssetwireSendMessage',
            Effect: 'Allow',
            Principal: { AWS: awsPrincipal ?? unknownPrincipal },
            Action: 'sqs:SendMessage',
            Resource: target.queue,
          },
        ],
      },
      notes: [
        {
          at: '/Statement/0/Principal/AWS',
          text:
            awsPrincipal === null
              ? 'Whose calls are let in: the AWS account, role or user that this server sends as. Whoever runs the server knows it, and sets it as ASSETWIRE_SQS_PRINCIPAL to have it shown here.'
              : 'Whose calls are let in: the AWS account, role or user that this server sends as. Amazon SNS would be the principal sns.amazonaws.com; this server calls SendMessage itself, so a condition on aws:SourceArn would shut it out.',
        },
        {
          at: '/Statement/0/Resource',
          text: 'The queue: the ARN given here. If the statement is used for another queue, its ARN belongs here.',
        },
      ],
    },
    confirm,
  ];
}
