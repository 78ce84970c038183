/** Which films and sounds are worked on with `ffmpeg`, and by which of its demuxers: it never guesses (HARDENING UP-05). */
export type FilmType = {
  readonly demuxer: 'mov' | 'matroska' | 'ogg' | 'mp3' | 'wav' | 'flac';
  readonly picture: boolean;
};

const film = (demuxer: FilmType['demuxer']): FilmType => ({ demuxer, picture: true });
const sound = (demuxer: FilmType['demuxer']): FilmType => ({ demuxer, picture: false });

export const filmTypes: ReadonlyMap<string, FilmType> = new Map([
  ['video/mp4', film('mov')],
  ['video/quicktime', film('mov')],
  ['video/x-m4v', film('mov')],
  ['video/3gpp', film('mov')],
  ['video/3gpp2', film('mov')],
  ['video/webm', film('matroska')],
  ['video/matroska', film('matroska')],
  ['video/x-matroska', film('matroska')],
  ['video/ogg', film('ogg')],
  ['audio/mp4', sound('mov')],
  ['audio/x-m4a', sound('mov')],
  ['audio/webm', sound('matroska')],
  ['audio/matroska', sound('matroska')],
  ['audio/ogg', sound('ogg')],
  ['audio/opus', sound('ogg')],
  ['audio/mpeg', sound('mp3')],
  ['audio/wav', sound('wav')],
  ['audio/x-wav', sound('wav')],
  ['audio/flac', sound('flac')],
  ['audio/x-flac', sound('flac')],
]);
