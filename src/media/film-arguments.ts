/** What `ffmpeg` is told. Our own path with `file:` before it, so that nothing in it can be taken for an option or a protocol. */
import type { FilmType } from './film-types.ts';
import type { ClipOrder } from './media.ts';

/** More than 8K has; a frame of more is not decoded. */
const pixelsMax = 64_000_000;
const framePxMax = 1_000;

/** Named one by one: formats of games and of the last century are where decoders break. */
const decoders = [
  ...['h264', 'hevc', 'vp8', 'vp9', 'libvpx', 'libvpx-vp9', 'av1', 'libdav1d', 'libaom-av1'],
  ...['mpeg4', 'mpeg2video', 'h263', 'theora', 'mjpeg', 'prores', 'dnxhd'],
  ...['aac', 'mp3', 'mp3float', 'opus', 'libopus', 'vorbis', 'flac', 'alac', 'ac3', 'eac3'],
  ...['pcm_u8', 'pcm_s16le', 'pcm_s16be', 'pcm_s24le', 'pcm_s24be', 'pcm_s32le', 'pcm_s32be', 'pcm_f32le', 'pcm_f32be'],
].join(',');

const quiet = ['-nostdin', '-hide_banner', '-loglevel', 'error'] as const;

function input(path: string, { demuxer }: FilmType, fromMs: number): readonly string[] {
  return [
    ...[
      '-protocol_whitelist',
      'file',
      '-f',
      demuxer,
      '-format_whitelist',
      demuxer === 'matroska' ? 'matroska,webm' : demuxer,
    ],
    ...['-codec_whitelist', decoders, '-max_pixels', String(pixelsMax), '-threads', '1'],
    ...(fromMs > 0 ? ['-ss', seconds(fromMs)] : []),
    ...['-i', `file:${path}`],
  ];
}

/** One frame as PNG on standard output, upright, with square pixels, its longer edge at most 1,000. */
export function frameArguments(
  path: string,
  { type, atMs }: { readonly type: FilmType; readonly atMs: number },
): string[] {
  const within = `scale=w=min(iw\\,${framePxMax}):h=min(ih\\,${framePxMax}):force_original_aspect_ratio=decrease`;
  // First to square pixels, then into the frame, never larger; then the most telling one of a dozen.
  const filter = `scale=w=trunc(iw*sar/2)*2:h=ih,setsar=1,${within},thumbnail=12`;
  return [
    ...quiet,
    ...input(path, type, atMs),
    ...['-map', '0:v:0', '-an', '-sn', '-dn', '-vf', filter, '-frames:v', '1'],
    ...['-map_metadata', '-1', '-c:v', 'png', '-f', 'image2pipe', 'pipe:1'],
  ];
}

export type ClipArguments = Pick<ClipOrder, 'fromMs' | 'toMs' | 'bytesMax'> & {
  readonly type: FilmType;
  readonly encoders: ReadonlySet<string>;
};

/** Cut to the frame, so encoded anew; without the metadata, chapters, subtitles and data of the original. */
export function clipArguments(path: string, output: string, order: ClipArguments): string[] {
  const { type, fromMs, toMs, bytesMax, encoders } = order;
  const picture = [
    ...['-map', '0:v:0', ...pictureEncoder(encoders), '-pix_fmt', 'yuv420p'],
    // H.264 wants even sides.
    ...['-vf', 'scale=w=trunc(iw*sar/2)*2:h=trunc(ih/2)*2,setsar=1'],
  ];
  return [
    ...quiet,
    ...input(path, type, fromMs),
    ...['-t', seconds(toMs - fromMs)],
    ...(type.picture ? picture : ['-vn']),
    ...['-map', type.picture ? '0:a:0?' : '0:a:0', '-c:a', 'aac', '-b:a', '160k'],
    ...['-sn', '-dn', '-map_metadata', '-1', '-map_chapters', '-1'],
    ...['-fs', String(bytesMax), '-movflags', '+faststart', '-f', 'mp4', '-n', `file:${output}`],
  ];
}

/** The best there is: builds of ffmpeg differ in what their licence lets them have. */
function pictureEncoder(encoders: ReadonlySet<string>): readonly string[] {
  if (encoders.has('libx264'))
    return ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-x264-params', 'rc-lookahead=10', '-threads', '1'];
  if (encoders.has('libopenh264')) return ['-c:v', 'libopenh264', '-b:v', '6M', '-threads', '1'];
  return ['-c:v', 'mpeg4', '-q:v', '3', '-threads', '1'];
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}
