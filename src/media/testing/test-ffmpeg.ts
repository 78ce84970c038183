/** The `ffmpeg` of the tests: that of a development dependency, where it has one for this platform; else none. */
import { accessSync, chmodSync, constants } from 'node:fs';

/** Its path; null where the tests of films must do without. */
export const testFfmpeg: string | null = await findTestFfmpeg();

async function findTestFfmpeg(): Promise<string | null> {
  try {
    const { path } = (await import('@ffmpeg-installer/ffmpeg')).default;
    // Its install script, which we do not allow, would do just this.
    chmodSync(path, 0o755);
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    // The package throws on platforms that it has no program for.
    return null;
  }
}
