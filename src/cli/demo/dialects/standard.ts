import type { DemoDialect } from '../demo-dialect.ts';
import { verifyStandard } from './verify-standard.ts';

export const standardDemo: DemoDialect = {
  dialect: 'standard',
  event: 'asset.created',
  proof: 'signature',
  verify: (request, { secret }) => request.verification.result === 'verified' && verifyStandard(request, secret),
};
