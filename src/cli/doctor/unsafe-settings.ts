/** Settings that are allowed and dangerous (HARDENING SC-06). `doctor` lists them; `serve` warns of them at every start. */
import type { Configuration } from '../../runtime/configuration.ts';
import type { Finding } from './diagnose.ts';

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;
/** Ranges so wide that they let through what is private to others. */
const widestBits = { v4: 8, v6: 16 };

/** A warning for each. */
export function unsafeSettings({ settings }: Pick<Configuration, 'settings'>): Finding[] {
  const findings: Finding[] = [];
  const warn = (detail: string, mend: string): void => {
    findings.push({ name: 'Unsafe', result: 'warning', detail, mend });
  };
  if (!loopback.test(settings.host) && !(settings.publicUrl ?? '').startsWith('https:')) {
    warn(
      `ASSETWIRE_HOST ${settings.host} opens the server to the network without TLS`,
      'Put a TLS proxy before it and set ASSETWIRE_PUBLIC_URL to its https URL',
    );
  }
  if (settings.publicUrl?.startsWith('http:') === true && !loopback.test(new URL(settings.publicUrl).hostname)) {
    warn('ASSETWIRE_PUBLIC_URL is http: keys and content travel readable', 'Use https');
  }
  if (settings.snsUrl?.startsWith('http:') === true) {
    warn(
      'ASSETWIRE_SNS_URL is http: receivers of SNS messages fetch certificates by https only, so they take none of ours',
      'Use https; with a TLS proxy before the server, as docs/guides/bynder-receivers.md shows',
    );
  }
  if (settings.adminKey !== null && isWeak(settings.adminKey)) {
    warn('ASSETWIRE_ADMIN_KEY is long enough but easily guessed', 'openssl rand -base64 32');
  }
  for (const range of settings.allowedTargets) {
    const [address = '', bits] = range.split('/');
    if (bits === undefined) continue;
    const widest = address.includes(':') ? widestBits.v6 : widestBits.v4;
    if (Number(bits) < widest)
      warn(`ASSETWIRE_ALLOWED_TARGETS ${range} lets webhooks reach nearly everything`, 'Name narrower ranges');
  }
  if (settings.startPaused) {
    warn('ASSETWIRE_START_PAUSED is set: nothing is sent', 'Look at what is owed, then start without it');
  }
  if (settings.logLevel === 'silent') warn('ASSETWIRE_LOG_LEVEL silent hides every error', 'Use at least error');
  return findings;
}

/** Few different characters, or words that ship in examples. */
function isWeak(key: string): boolean {
  return new Set(key).size < 12 || /(changeme|password|secret|example|default|1234567)/i.test(key);
}
