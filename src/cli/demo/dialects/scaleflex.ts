import { isObject } from '../../../core/json-equality.ts';
import { bodyOf, type DemoDialect, headerOf } from '../demo-dialect.ts';

const username = 'demo';

/** No signature: a receiver knows its caller by Basic authentication, and fetches the file by the link in the body. */
export const scaleflexDemo: DemoDialect = {
  dialect: 'scaleflex',
  event: 'upload',
  proof: 'password',
  webhook: ({ token }) => ({
    credentials: { kind: 'basic', username, password: token },
    settings: { fields: { additional: ['system', 'custom'] } },
  }),
  verify(request, { secret }) {
    const expected = `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`;
    const file = bodyOf(request)?.['file'];
    return headerOf(request, 'authorization') === expected && isObject(file) && isObject(file['url']);
  },
};
