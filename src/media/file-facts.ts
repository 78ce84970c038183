/**
 * Facts about a file as they are believed: known fields only, each of its type and within its bounds. Whoever found them
 * has read a hostile file (HARDENING UP-21).
 */
import type { FileFacts } from '../core/asset.ts';

const pxMax = 1_000_000;
const msMax = 10 * 365 * 86_400_000;
const codecForm = /^[A-Za-z0-9][\w.+-]{0,63}$/;
const codecsMax = 16;
const spaceForm = /^[a-z][a-z0-9-]{0,15}$/;

/** What holds of what was found; whatever does not is left out. */
export function believedFacts(found: { readonly [name: string]: unknown }): FileFacts {
  return withoutMissing({
    widthPx: whole(found['widthPx'], pxMax),
    heightPx: whole(found['heightPx'], pxMax),
    storedWidthPx: whole(found['storedWidthPx'], pxMax),
    storedHeightPx: whole(found['storedHeightPx'], pxMax),
    pages: whole(found['pages'], 1_000_000),
    frames: whole(found['frames'], 10_000_000),
    durationMs: whole(found['durationMs'], msMax),
    bitRate: whole(found['bitRate'], 1e12),
    frameRate: rate(found['frameRate']),
    codecs: codecs(found['codecs']),
    channels: whole(found['channels'], 1_000),
    sampleRateHz: whole(found['sampleRateHz'], 10_000_000),
    colourSpace: space(found['colourSpace']),
    hasAlpha: typeof found['hasAlpha'] === 'boolean' ? found['hasAlpha'] : undefined,
  });
}

type Missing<Facts> = { readonly [Name in keyof Facts]-?: Facts[Name] | undefined };

function withoutMissing(facts: Missing<FileFacts>): FileFacts {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

function whole(value: unknown, max: number): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max ? value : undefined;
}

/** Pictures per second, to a thousandth: 23.976 stays what it is called. */
function rate(value: unknown): number | undefined {
  if (typeof value !== 'number' || !(value > 0) || value > 100_000) return undefined;
  return Math.round(value * 1_000) / 1_000;
}

function codecs(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const named = value
    .slice(0, codecsMax)
    .filter((codec): codec is string => typeof codec === 'string' && codecForm.test(codec));
  return named.length === 0 ? undefined : named;
}

function space(value: unknown): string | undefined {
  return typeof value === 'string' && spaceForm.test(value) ? value : undefined;
}
