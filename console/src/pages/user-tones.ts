import type { User } from '../api/people.ts';
import type { Tone } from '../parts/state.tsx';

/** How states of users are coloured. */
export const userTones: { readonly [state in User['state']]: Tone } = {
  invited: 'info',
  active: 'good',
  disabled: 'bad',
};
