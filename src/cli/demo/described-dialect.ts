/** A dialect as the demo takes it from its manifest alone: it tells of a file that is ready, and is known by signature or token. */
import { type DemoDialect, headerOf } from './demo-dialect.ts';

export type DialectView = {
  readonly id: string;
  readonly events: readonly { readonly name: string; readonly changeKinds: readonly string[] }[];
  readonly signing: { readonly headers: readonly string[] };
  readonly capabilities: { readonly credentials: readonly string[] };
};

/** Null where the dialect tells of no uploads, or can be known by neither: such a one needs a module of its own. */
export function describedDialect({ id, events, signing, capabilities }: DialectView): DemoDialect | null {
  const event = events.find(({ changeKinds }) => changeKinds.includes('asset.ready'))?.name;
  if (event === undefined) return null;
  if (signing.headers.length > 0) {
    return {
      dialect: id,
      event,
      proof: 'signature',
      verify: ({ verification }) => verification.result === 'verified',
    };
  }
  if (!capabilities.credentials.includes('bearer')) return null;
  return {
    dialect: id,
    event,
    proof: 'token',
    webhook: ({ token }) => ({ credentials: { kind: 'bearer', token } }),
    verify: (request, { secret }) => headerOf(request, 'authorization') === `Bearer ${secret}`,
  };
}
