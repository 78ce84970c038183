import type { InboxRequest } from '../../../app/app.ts';
import type { SigningKeyView } from '../../../app/signing-keys.ts';
import { ownValue } from '../../../core/json-equality.ts';
import type { JsonObject } from '../../../core/json.ts';
import { bodyOf, type DemoDialect, type DemoStage, type Told } from '../demo-dialect.ts';
import { verifySns } from './verify-sns.ts';

/** Asked first: the inbox shows the question, and the demo visits the link in it, as a receiver would. */
export const bynderDemo: DemoDialect = {
  dialect: 'bynder',
  event: 'asset_bank.media.create',
  proof: 'certificate',
  async consent(stage, told) {
    const url = new URL(await subscribeUrl(stage, told));
    // By the address that the demo itself knows; what the link names is the same server.
    await stage.client.get(`${url.pathname}${url.search}`);
  },
  async verify(request, _told, { client }) {
    if (request.verification.result !== 'verified') return false;
    const { data } = await client.get<{ readonly data: readonly SigningKeyView[] }>('/v1/signing-keys', {});
    return data.some(({ certificate }) => verifySns(request, certificate));
  },
};

async function subscribeUrl({ requests, next }: DemoStage, { webhookId }: Told): Promise<string> {
  for (;;) {
    const question = requests.find((request) => request.verification.webhookId === webhookId && isQuestion(request));
    const url = question === undefined ? undefined : ownValue(bodyOf(question) ?? nothing, 'SubscribeURL');
    if (typeof url === 'string') return url;
    await next();
  }
}

const nothing: JsonObject = {};

function isQuestion(request: InboxRequest): boolean {
  return ownValue(bodyOf(request) ?? nothing, 'Type') === 'SubscriptionConfirmation';
}
