import { ask } from '../api/ask.ts';
import { tellProblem } from '../parts/toast.tsx';

/** Ends the session and begins anew: nothing that was asked for stays in the page. */
export function signOut(): void {
  ask('DELETE', '/v1/sessions/current')
    .then(() => location.assign('/'))
    .catch(tellProblem);
}
