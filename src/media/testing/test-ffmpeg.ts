/** The `ffmpeg` of the tests: that of a development dependency, where it has one for this platform; else none. */
import { accessSync, chmodSync, constants } from 'node:fs';
import { createRequire } from 'node:module';

/** Its path; null where the tests of films must do without. */
export const testFfmpeg: string | null = findTestFfmpeg();

function findTestFfmpeg(): string | null {
  try {
    const { path } = createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { readonly path: string };
    // Its install script, which we do not allow, would do just this.
    chmodSync(path, 0o755);
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    // The package throws on platforms that it has no program for.
    return null;
  }
}
