import { AssetwireError } from '../core/errors.ts';
import type { BlockReason } from '../core/outcome.ts';
import type { TargetUrl } from './target.ts';

const mend = 'The operator can open it with ASSETWIRE_ALLOWED_TARGETS';

/** What a caller is told when a target is refused at configuration time. */
export function blockedTarget(reason: BlockReason, { hostname, port }: TargetUrl): AssetwireError {
  switch (reason) {
    case 'forbidden-name':
      return new AssetwireError('target_forbidden_name', {
        detail: `The target must have a public name: found ${hostname}`,
        mend,
      });
    case 'forbidden-port':
      return new AssetwireError('target_forbidden_port', {
        detail: `The target must use port 80, 443 or one from 1024 on that is not known for databases, queues and the like: found ${port}`,
        mend: 'The operator can open it with an address:port entry in ASSETWIRE_ALLOWED_TARGETS',
      });
    case 'self-connection':
      return new AssetwireError('target_forbidden_address', {
        detail: `The target must not be this server itself: found ${hostname}`,
        mend: 'Use an inbox of this server, or another host',
      });
    case 'forbidden-address':
      return new AssetwireError('target_forbidden_address', {
        detail: `The target must lie at a public address: found ${hostname}`,
        mend,
      });
    case 'forbidden-scheme':
      return new AssetwireError('target_scheme', {
        detail: 'The target must begin with https:// here: plain http is sent only towards what the operator allowed',
        mend: 'Use https, or have the operator allow the target with ASSETWIRE_ALLOWED_TARGETS',
      });
  }
}
