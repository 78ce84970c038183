import type { AppDeps } from '../app/dependencies.ts';
import type { EngineLog } from '../engine/engine-deps.ts';
import type { EngineEvent } from '../engine/engine.ts';
import { createPreviewer } from '../engine/preview.ts';
import { createSignAnew } from '../engine/sign-anew.ts';
import { createSigner } from '../engine/signer.ts';
import { createTryOnce } from '../engine/try-once.ts';
import type { Rooms } from './rooms.ts';
import { userAgentOf } from './version.ts';

/** Messages that are made or sent apart from any lane. */
export function besideTheLanes(
  rooms: Rooms,
  log: EngineLog,
  live: (event: EngineEvent) => void,
): Pick<AppDeps, 'preview' | 'signAnew' | 'tryOnce'> {
  const { dialects, transports, storage, clock, random, version } = rooms;
  const sending = { dialects, transports: transports.byKind, userAgent: userAgentOf(version) };
  const signer = createSigner(rooms.signingKeys);
  const tryOnce = createTryOnce({ ...sending, storage, signer, clock, random, log });
  return {
    preview: createPreviewer(sending),
    signAnew: createSignAnew({ ...sending, signer }),
    async tryOnce(input) {
      const tried = await tryOnce(input);
      if (tried !== null) {
        const { delivery, attempt } = tried;
        const { dialect } = input.current.webhook;
        live({ kind: 'attempted', delivery, dialect, startedAtMs: attempt.startedAtMs });
      }
      return tried;
    },
  };
}
