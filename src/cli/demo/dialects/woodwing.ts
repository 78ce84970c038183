import type { DemoDialect } from '../demo-dialect.ts';
import { verifyHookSignature } from './verify-hook-signature.ts';

export const woodwingDemo: DemoDialect = {
  dialect: 'woodwing',
  event: 'asset_create',
  proof: 'signature',
  verify: (request, { secret }) => request.verification.result === 'verified' && verifyHookSignature(request, secret),
};
