/**
 * The same thing under one name, wherever the file says it: XMP first (it is what applications write last), then IPTC,
 * then EXIF. So a consumer need not know that a keyword is `subject` here and `Keywords` there.
 */
import { isList } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { ReadPackets } from './packets.ts';

/** `fields` of a picture's embedded metadata. Names that the file says nothing of are absent. */
export function commonFields({ exif, iptc, xmp, gps }: ReadPackets): JsonObject {
  const fields: { readonly [field: string]: JsonValue | undefined } = {
    title: text(xmp['title'], iptc['Object Name'], exif['XPTitle'], exif['DocumentName']),
    description: text(xmp['description'], iptc['Caption/Abstract'], exif['ImageDescription']),
    headline: text(xmp['Headline'], iptc['Headline']),
    creators: list(xmp['creator'], iptc['By-line'], exif['Artist']),
    copyright: text(xmp['rights'], iptc['Copyright Notice'], exif['Copyright']),
    credit: text(xmp['Credit'], iptc['Credit']),
    usageTerms: text(xmp['UsageTerms']),
    keywords: list(xmp['subject'], iptc['Keywords']),
    rating: number(xmp['Rating'], exif['Rating']),
    city: text(xmp['City'], iptc['City']),
    country: text(xmp['Country'], iptc['Country/Primary Location Name']),
    takenAt: time(exif['DateTimeOriginal'], exif['OffsetTimeOriginal']) ?? time(exif['DateTime'], exif['OffsetTime']),
    cameraMake: text(exif['Make']),
    cameraModel: text(exif['Model']),
    lens: text(exif['LensModel']),
    software: text(exif['Software'], xmp['CreatorTool']),
    orientation: number(exif['Orientation']) ?? text(exif['Orientation']),
    latitude: gps['latitude'],
    longitude: gps['longitude'],
    altitudeM: gps['altitudeM'],
  };
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );
}

function text(...candidates: readonly (JsonValue | undefined)[]): string | undefined {
  for (const candidate of candidates) {
    const value = isList(candidate) ? candidate[0] : candidate;
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
  }
  return undefined;
}

function list(...candidates: readonly (JsonValue | undefined)[]): readonly string[] | undefined {
  for (const candidate of candidates) {
    const values = (isList(candidate) ? candidate : [candidate]).filter(
      (value): value is string => typeof value === 'string' && value.trim() !== '',
    );
    if (values.length > 0) return [...new Set(values.map((value) => value.trim()))];
  }
  return undefined;
}

function number(...candidates: readonly (JsonValue | undefined)[]): number | undefined {
  for (const candidate of candidates) {
    const value = typeof candidate === 'string' && /^-?\d{1,9}$/.test(candidate) ? Number(candidate) : candidate;
    if (typeof value === 'number') return value;
  }
  return undefined;
}

/** `2026:01:02 03:04:05` and an offset as ISO 8601; without an offset local to the camera, so without a zone here too. */
function time(value: JsonValue | undefined, offset: JsonValue | undefined): string | undefined {
  const match = typeof value === 'string' ? /^(\d{4}):(\d{2}):(\d{2}) (\d{2}:\d{2}:\d{2})/.exec(value) : null;
  if (match === null) return undefined;
  const [, year, month, day, clock] = match;
  const zone = typeof offset === 'string' && /^[+-]\d{2}:\d{2}$/.test(offset) ? offset : '';
  const iso = `${year}-${month}-${day}T${clock}`;
  const parsed = new Date(`${iso}Z`);
  // A 30th of February is none: the date must come out as it went in.
  return Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 19) !== iso ? undefined : `${iso}${zone}`;
}
