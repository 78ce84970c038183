/**
 * Film and sound: length, frame size, codecs and tags from the headers, by `mediabunny`, which gets bytes of this one file
 * and nothing else: no name to open, no playlist to follow (HARDENING UP-05). Nothing is decoded.
 */
import type { InputTrack, InputVideoTrack, MetadataTags } from 'mediabunny';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { boundEmbedded } from '../embedded.ts';
import type { EmbeddedPolicy, MediaFacts } from '../media.ts';
import type { FileSource } from './file-source.ts';
import { readIsoMedia } from './iso-media.ts';

/** Types that are handed to mediabunny. */
export const readableFilms: ReadonlySet<string> = new Set([
  'video/mp4',
  'video/quicktime',
  'video/x-m4v',
  'video/3gpp',
  'video/3gpp2',
  'video/webm',
  'video/matroska',
  'video/x-matroska',
  'audio/mp4',
  'audio/x-m4a',
  'audio/mpeg',
  'audio/wav',
  'audio/x-wav',
  'audio/ogg',
  'video/ogg',
  'application/ogg',
  'audio/opus',
  'audio/flac',
  'audio/x-flac',
  'audio/aac',
  'audio/webm',
  'audio/matroska',
]);

const isoMedia = /^(?:video\/(?:mp4|quicktime|x-m4v|3gpp2?)|audio\/(?:mp4|x-m4a))$/;
/** A length that only the end tells (sound without a header) is looked for within so much of the file. */
const readBytesMax = 256 * 1024 * 1024;
const tracksMax = 16;
/** So many are looked at to tell how many come in a second. */
const frameRatePackets = 120;
const msMax = 10 * 365 * 86_400_000;

type Facts = Omit<MediaFacts, 'mimeType'>;

/** Null where the file is no film or sound after all. A film whose tables are broken is still told by its movie header. */
export async function readFilm(source: FileSource, mimeType: string, policy: EmbeddedPolicy): Promise<Facts | null> {
  try {
    return await readTracks(source, policy);
  } catch (error) {
    const header = isoMedia.test(mimeType) ? await readIsoMedia(source) : null;
    if (header === null && isoMedia.test(mimeType)) return null;
    if (header === null) throw error;
    return { ...header, ...bitRate(source.bytes, header.durationMs) };
  }
}

async function readTracks(source: FileSource, policy: EmbeddedPolicy): Promise<Facts> {
  const { ADTS, CustomSource, FLAC, Input, MATROSKA, MP3, MP4, OGG, QTFF, WAVE, WEBM } = await import('mediabunny');
  let readBytes = 0;
  const input = new Input({
    // Named one by one: what reads playlists is not among them.
    formats: [MP4, QTFF, WEBM, MATROSKA, MP3, WAVE, OGG, FLAC, ADTS],
    source: new CustomSource({
      getSize: () => source.bytes,
      read: async (from, to) => {
        readBytes += to - from;
        if (readBytes > readBytesMax) throw new Error('too much had to be read to tell its length');
        return source.read(from, to - from);
      },
      handleUnhandledError: () => undefined,
    }),
  });
  try {
    const format = await input.getFormat();
    const tracks = (await input.getTracks()).slice(0, tracksMax);
    if (tracks.length === 0) throw new Error('there is neither picture nor sound in it');
    const durationMs = lengthMs((await input.getDurationFromMetadata(tracks)) ?? (await input.computeDuration(tracks)));
    const described = await Promise.all(tracks.map(describeTrack));
    const picture = described.find(({ type, attached }) => type === 'video' && attached !== true);
    const embedded =
      policy === 'none'
        ? undefined
        : boundEmbedded({
            ...named(await input.getMetadataTags(), policy),
            container: format.name,
            tracks: described,
          });
    const sound = described.find(({ type }) => type === 'audio');
    const codecs = described.flatMap(({ codec }) => (codec === undefined ? [] : [codec]));
    return {
      ...(picture?.frameRate === undefined ? {} : { frameRate: picture.frameRate }),
      ...(codecs.length === 0 ? {} : { codecs }),
      ...(sound?.channels === undefined ? {} : { channels: sound.channels }),
      ...(sound?.sampleRateHz === undefined ? {} : { sampleRateHz: sound.sampleRateHz }),
      ...(picture?.widthPx === undefined ? {} : { widthPx: picture.widthPx }),
      ...(picture?.heightPx === undefined ? {} : { heightPx: picture.heightPx }),
      ...(durationMs === null ? {} : { durationMs, ...bitRate(source.bytes, durationMs) }),
      ...(embedded === undefined ? {} : { embedded }),
    };
  } finally {
    input.dispose();
  }
}

type Track = JsonObject & {
  readonly type: string;
  readonly codec?: string;
  readonly widthPx?: number;
  readonly heightPx?: number;
  readonly frameRate?: number;
  readonly channels?: number;
  readonly sampleRateHz?: number;
};

async function describeTrack(track: InputTrack): Promise<Track> {
  const codec = await track.getCodecParameterString();
  const language = await track.getLanguageCode();
  const shared = {
    ...(codec === null ? {} : { codec }),
    ...(language === 'und' ? {} : { language }),
  };
  if (track.isVideoTrack()) {
    const widthPx = whole(await track.getDisplayWidth());
    const heightPx = whole(await track.getDisplayHeight());
    const frameRate = await frameRateOf(track);
    return {
      type: 'video',
      ...shared,
      ...(widthPx && heightPx ? { widthPx, heightPx } : {}),
      ...(frameRate === undefined ? {} : { frameRate }),
    };
  }
  if (!track.isAudioTrack()) return { type: 'text', ...shared };
  const sampleRateHz = whole(await track.getSampleRate());
  const channels = whole(await track.getNumberOfChannels());
  return { type: 'audio', ...shared, ...(sampleRateHz ? { sampleRateHz } : {}), ...(channels ? { channels } : {}) };
}

/** Pictures per second over the first ones, to a thousandth; where they come unevenly it is their average. */
async function frameRateOf(track: InputVideoTrack): Promise<number | undefined> {
  try {
    const { averagePacketRate } = await track.computePacketStats(frameRatePackets);
    const rate = Math.round(averagePacketRate * 1_000) / 1_000;
    return Number.isFinite(rate) && rate > 0 ? rate : undefined;
  } catch {
    // Its packets are broken: everything else is known all the same.
    return undefined;
  }
}

/** Tags under our names, and all of them as the file writes them: pictures and attached files left out. */
function named(tags: MetadataTags, policy: EmbeddedPolicy): JsonObject {
  const { title, description, artist, album, albumArtist, genre, comment, date, trackNumber, raw } = tags;
  const fields: { readonly [name: string]: JsonValue | undefined } = {
    title,
    description: description ?? comment,
    creators: artist === undefined ? undefined : [artist],
    album,
    albumArtist,
    genre,
    trackNumber,
    takenAt: date === undefined || Number.isNaN(date.getTime()) ? undefined : date.toISOString(),
    copyright: rawText(raw, ['cprt', 'TCOP', 'COPYRIGHT', 'ICOP']),
  };
  const texts = Object.entries(raw ?? {}).filter(
    (entry): entry is [string, string] =>
      typeof entry[1] === 'string' && !(policy === 'public' && /xyz|location|gps|owner|serial/i.test(entry[0])),
  );
  return {
    fields: Object.fromEntries(
      Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
    ),
    tags: Object.fromEntries(texts),
  };
}

function rawText(raw: MetadataTags['raw'], names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = raw?.[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

function bitRate(bytes: number, durationMs: number): { readonly bitRate?: number } {
  return durationMs > 0 ? { bitRate: Math.round((bytes * 8_000) / durationMs) } : {};
}

function lengthMs(seconds: number): number | null {
  const ms = Math.round(seconds * 1_000);
  return Number.isSafeInteger(ms) && ms >= 0 && ms <= msMax ? ms : null;
}

function whole(value: number): number | undefined {
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) && rounded > 0 && rounded <= 1_000_000 ? rounded : undefined;
}
