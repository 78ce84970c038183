import type { BlockReason, NetworkFailure, ProxyFault, TlsFailure } from '../core/outcome.ts';

/** Why no connection came about, in the words of `Outcome`, without its timing. Nothing was sent. */
export type ConnectFailure =
  | NetworkFailure
  | ProxyFault
  | { readonly kind: 'blocked-address'; readonly reason: BlockReason }
  | { readonly kind: 'refused-by-config'; readonly code: string; readonly detail: string };

/** The TLS failure behind an error of `node:tls`, by its code. Null where it is not about TLS. */
export function tlsFailure(error: unknown): Extract<NetworkFailure, { kind: 'tls-failed' }> | null {
  const code = errorCode(error);
  const known = certificateCodes[code];
  if (known !== undefined) return { kind: 'tls-failed', code: known, detail: code };
  if (code.startsWith('ERR_SSL_')) return { kind: 'tls-failed', code: alertFailure(code), detail: code };
  return code === 'EPROTO' || code.startsWith('ERR_TLS_')
    ? { kind: 'tls-failed', code: 'protocol', detail: code }
    : null;
}

export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? code : 'unknown';
}

/** OpenSSL's verdicts on the certificate we were shown. */
const certificateCodes: Readonly<Record<string, TlsFailure>> = {
  CERT_HAS_EXPIRED: 'certificate-expired',
  CERT_NOT_YET_VALID: 'certificate-not-yet-valid',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'unknown-authority',
  UNABLE_TO_GET_ISSUER_CERT: 'unknown-authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknown-authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknown-authority',
  CERT_UNTRUSTED: 'unknown-authority',
  CERT_REJECTED: 'unknown-authority',
  INVALID_CA: 'unknown-authority',
  INVALID_PURPOSE: 'unknown-authority',
  CERT_SIGNATURE_FAILURE: 'unknown-authority',
  CERT_CHAIN_TOO_LONG: 'unknown-authority',
  CERT_REVOKED: 'other',
  ERR_TLS_CERT_ALTNAME_INVALID: 'wrong-host',
  HOSTNAME_MISMATCH: 'wrong-host',
};

/** An alert means that the other side refused: those about certificates mean ours. */
function alertFailure(code: string): TlsFailure {
  return /ALERT_(BAD_CERTIFICATE|CERTIFICATE_|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED|NO_CERTIFICATE)/.test(
    code,
  )
    ? 'client-certificate'
    : 'protocol';
}
