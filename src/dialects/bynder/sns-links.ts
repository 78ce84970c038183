/** The addresses in SNS messages, all below `ASSETWIRE_SNS_URL`: the mount's `/sns` where that is not set. */
import { encodeId } from '../../core/id-encoding.ts';
import type { Links } from '../contract/message.ts';

export const snsPath = '/sns';

/** Files are named as Amazon's are: 32 letters and digits, another name for another key. */
export function certificatePath(key: string): string {
  return `${snsPath}/SimpleNotificationService-${key}.pem`;
}

export function certificateUrl(links: Links, keyId: string): string {
  return links.dialect(certificatePath(encodeId(keyId, 'hex')));
}

/** Whoever fetches it confirms; so does who sends the same to the API. */
export function subscribeUrl(links: Links, topicArn: string, token: string): string {
  return links.dialect(`${snsPath}/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${token}`);
}

export function unsubscribeUrl(links: Links, subscriptionArn: string): string {
  return links.dialect(`${snsPath}/?Action=Unsubscribe&SubscriptionArn=${subscriptionArn}`);
}

type Mailed = { readonly topicArn: string; readonly token: string; readonly address: string };

/** The page behind a link in a mail: programs that look into mails fetch links, so it asks first. */
export function confirmPageUrl(links: Links, { topicArn, token, address }: Mailed): string {
  const query = `TopicArn=${topicArn}&Token=${token}&Endpoint=${encodeURIComponent(address)}`;
  return links.dialect(`${snsPath}/confirmation.html?${query}`);
}

export function unsubscribePageUrl(links: Links, subscriptionArn: string, address: string): string {
  const query = `SubscriptionArn=${subscriptionArn}&Endpoint=${encodeURIComponent(address)}`;
  return links.dialect(`${snsPath}/unsubscribe.html?${query}`);
}
