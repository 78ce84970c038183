/**
 * Client certificates and private authorities. Verification is always on: no switch of ours, no environment variable
 * turns it off, and a private authority counts only for the connections of the identity that brought it.
 */
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { LRUCache } from 'lru-cache';
import { AssetwireError, type Problem } from '../core/errors.ts';

/** Structurally the transport contract's `TlsIdentity`. */
export type TlsMaterial = {
  readonly id: string;
  readonly caPem?: string;
  readonly certificatePem?: string;
  readonly keyPem?: string;
};

export type TlsContexts = {
  /** Throws what `node:tls` throws where the material cannot be used. */
  contextOf(material: TlsMaterial | undefined): SecureContext;
  /** Equal for equal material only: part of every pool and session key. Empty for none. */
  readonly keyOf: (material: TlsMaterial | undefined) => string;
};

const contextsKeptMax = 1_000;
const rsaBitsMax = 8_192;

export function createTlsContexts(): TlsContexts {
  let plain: SecureContext | null = null;
  const contexts = new LRUCache<string, SecureContext>({ max: contextsKeptMax });
  const keys = new WeakMap<TlsMaterial, string>();
  const keyOf = (material: TlsMaterial | undefined): string => {
    if (material === undefined) return '';
    const known = keys.get(material);
    if (known !== undefined) return known;
    const key = `${material.id}:${fingerprint(material)}`;
    keys.set(material, key);
    return key;
  };
  return {
    keyOf,
    contextOf(material) {
      if (material === undefined) return (plain ??= makeContext(undefined));
      const key = keyOf(material);
      const known = contexts.get(key);
      if (known !== undefined) return known;
      const made = makeContext(material);
      contexts.set(key, made);
      return made;
    },
  };
}

/**
 * For saving a webhook: throws `AssetwireError` (`invalid_secret`) where certificate, key or authority cannot be used
 * together. Says what is wrong and with which of them (`certificatePem`, `keyPem`, `authorityPem` below the pointer `at`),
 * never what the material is.
 */
export function checkTlsIdentity(material: TlsMaterial, at = ''): void {
  const fault = faultOf(material);
  if (fault === null) return;
  const { part, detail, wanted, found } = fault;
  throw new AssetwireError('invalid_secret', {
    detail: `The TLS identity must hold usable PEM: ${detail}`,
    mend: 'Give the certificate chain with its unencrypted private key, both as PEM, and a private authority as PEM if there is one',
    problems: [{ at: `${at}/${part}Pem`, wanted, found }],
  });
}

/**
 * What the environment tries to weaken. Outgoing calls verify all the same; the caller logs these loudly, because
 * other parts of a process may obey them.
 */
export function weakenedTls(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  const warnings: string[] = [];
  if (environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    warnings.push('NODE_TLS_REJECT_UNAUTHORIZED=0 is set: it is ignored, certificates of targets are verified');
  }
  if (/--tls-min-v1\.[01]\b|--insecure-http-parser\b/.test(environment['NODE_OPTIONS'] ?? '')) {
    warnings.push('NODE_OPTIONS lowers TLS or HTTP checks: outgoing calls ignore it');
  }
  return warnings;
}

function makeContext(material: TlsMaterial | undefined): SecureContext {
  // The one place: a connection that is given a context asks nobody else which versions it may speak.
  return createSecureContext({
    minVersion: 'TLSv1.2',
    ...(material?.caPem === undefined ? {} : { ca: material.caPem }),
    ...(material?.certificatePem === undefined ? {} : { cert: material.certificatePem }),
    ...(material?.keyPem === undefined ? {} : { key: material.keyPem }),
  });
}

type Fault = Omit<Problem, 'at' | 'mend'> & {
  readonly part: 'certificate' | 'key' | 'authority';
  readonly detail: string;
};

function faultOf(material: TlsMaterial): Fault | null {
  const { certificatePem, keyPem, caPem } = material;
  if ((certificatePem === undefined) !== (keyPem === undefined)) {
    const [part, wanted] =
      keyPem === undefined
        ? (['key', 'the private key of the certificate'] as const)
        : (['certificate', 'the certificate of the key'] as const);
    return { part, wanted, found: 'nothing', detail: 'a certificate needs its key, and a key its certificate' };
  }
  for (const [part, pem] of [['certificate', certificatePem] as const, ['authority', caPem] as const]) {
    const bits = pem === undefined ? 0 : rsaBits(pem);
    if (bits === null) {
      return { part, wanted: 'a certificate as PEM', found: 'no such text', detail: `the ${part} cannot be read` };
    }
    if (bits > rsaBitsMax) {
      const wanted = `an RSA key of at most ${rsaBitsMax} bits`;
      return {
        part,
        wanted,
        found: `${bits} bits`,
        detail: `the ${part} has an RSA key of more than ${rsaBitsMax} bits`,
      };
    }
  }
  try {
    makeContext(material);
    return null;
  } catch {
    const detail = 'certificate and key do not belong together, or the key is encrypted or unreadable';
    const found = keyFound(material);
    if (found !== null)
      return { part: 'key', wanted: 'the private key of the certificate, not encrypted', found, detail };
    const part = caPem === undefined ? 'certificate' : 'authority';
    return { part, wanted: 'certificates as PEM', found: 'some that cannot be used', detail };
  }
}

/** What stands there instead of a key that can be used; null where there is none, or it is not at fault. */
function keyFound({ certificatePem, keyPem }: TlsMaterial): string | null {
  if (certificatePem === undefined || keyPem === undefined) return null;
  if (keyPem.includes('ENCRYPTED')) return 'an encrypted key';
  try {
    const belongs = new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(keyPem));
    return belongs ? null : 'the key of another certificate';
  } catch {
    return 'no private key as PEM';
  }
}

/** 0 where the key is not RSA, null where the certificate cannot be read. */
function rsaBits(pem: string): number | null {
  try {
    return new X509Certificate(pem).publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
  } catch {
    return null;
  }
}

function fingerprint({ caPem = '', certificatePem = '', keyPem = '' }: TlsMaterial): string {
  return createHash('sha256')
    .update(JSON.stringify([caPem, certificatePem, keyPem]))
    .digest('base64url');
}
