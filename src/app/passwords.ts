/**
 * Passwords, kept as scrypt with the parameters in the text, so that they can be raised later. The work is done by the
 * thread pool, one at a time: the loop that delivers never does it, and three of the four threads stay free for files
 * (HARDENING AK-08). Whoever has no password is compared with one all the same: the answer takes as long.
 */
import { scrypt, timingSafeEqual } from 'node:crypto';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Random } from '../runtime/random.ts';
import { unfit } from './refusals.ts';

/** OWASP's parameters for 32 MiB of memory. */
export const scryptCost = { N: 2 ** 15, r: 8, p: 3 } as const;
export type ScryptCost = { readonly N: number; readonly r: number; readonly p: number };

const saltBytes = 16;
const hashBytes = 32;
/** Beyond this, sign-ins are turned away instead of queued. */
const waitingMax = 32;

/** What a password is for: it must not be the same as these. */
export type PasswordOf = {
  readonly email: string;
  readonly name: string;
  /** Default `limits.passwordCharactersMin`. */
  readonly charactersMin?: number;
};

export interface Passwords {
  /** What the store keeps. Throws `invalid_request` where the password is not one we take. */
  hash(password: string, of: PasswordOf): Promise<string>;
  /** False too where there is none, after as much work. */
  matches(password: string, stored: string | null): Promise<boolean>;
}

/** What the bytes of a password are made with: scrypt, on a thread of the pool. */
export type Derive = (password: string, salt: Uint8Array, cost: ScryptCost) => Promise<Buffer>;

export function createPasswords({
  random,
  cost = scryptCost,
  derive = deriveByScrypt,
}: {
  readonly random: Random;
  readonly cost?: ScryptCost;
  readonly derive?: Derive;
}): Passwords {
  let waiting = 0;
  let tail: Promise<unknown> = Promise.resolve();
  const alone = async <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    if (waiting >= waitingMax) throw crowded();
    waiting += 1;
    const mine = tail.then(work, work);
    tail = mine.catch(() => undefined);
    try {
      return await mine;
    } finally {
      waiting -= 1;
    }
  };
  const nobodys = encode(cost, Buffer.alloc(saltBytes), Buffer.alloc(hashBytes));

  return {
    async hash(password, of) {
      checkPassword(password, of);
      const salt = Buffer.from(random.bytes(saltBytes));
      const bytes = await alone(() => derive(password, salt, cost));
      return encode(cost, salt, bytes);
    },
    async matches(password, stored) {
      const { salt, hash, cost: asStored } = decode(stored ?? nobodys);
      const bytes = await alone(() => derive(password, salt, asStored));
      // HMAC pads its key with zeros, so a password and the same one with NUL behind it have one hash.
      return timingSafeEqual(bytes, hash) && stored !== null && !password.includes('\0');
    },
  };
}

/** One spelling for one password, whichever keyboard composed it. */
function spelt(password: string): string {
  return password.normalize('NFKC');
}

function checkPassword(password: string, { email, name, charactersMin }: PasswordOf): void {
  const text = spelt(password);
  const { passwordBytesMax } = limits;
  const passwordCharactersMin = charactersMin ?? limits.passwordCharactersMin;
  const characters = [...text].length;
  if (characters < passwordCharactersMin || Buffer.byteLength(text) > passwordBytesMax) {
    throw unfit(
      '/password',
      `at least ${passwordCharactersMin} characters and at most ${passwordBytesMax} bytes`,
      `${characters} characters`,
    );
  }
  if (/\p{Cc}/u.test(text)) throw unfit('/password', 'no control characters', 'one or more');
  const low = text.toLowerCase();
  if (low === email.toLowerCase() || low === name.toLowerCase() || new Set(low).size < 5) {
    throw unfit(
      '/password',
      'one that is neither your name nor your address nor a few characters repeated',
      'such a one',
    );
  }
}

export function deriveByScrypt(password: string, salt: Uint8Array, { N, r, p }: ScryptCost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(spelt(password), salt, hashBytes, { N, r, p, maxmem: 256 * N * r }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

function encode({ N, r, p }: ScryptCost, salt: Buffer, hash: Buffer): string {
  return ['scrypt', N, r, p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

function decode(text: string): { readonly cost: ScryptCost; readonly salt: Buffer; readonly hash: Buffer } {
  const [, N = '', r = '', p = '', salt = '', hash = ''] = text.split('$');
  return {
    cost: { N: Number(N), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, 'base64url'),
    hash: Buffer.from(hash, 'base64url'),
  };
}

function crowded(): AssetwireError {
  return new AssetwireError('too_many_requests', {
    detail: `Check a password: ${waitingMax} others are being checked already`,
    mend: 'Try again in a few seconds',
    retryAfterSeconds: 5,
  });
}
