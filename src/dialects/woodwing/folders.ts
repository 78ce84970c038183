/** Whether a folder is one of those asked for or lies below one of them. */
export type FolderTest = (path: string) => boolean;

/**
 * The vendor writes folders with and without a slash in front (`nature`, `/Demo Zone`); both mean the same. With wildcards
 * a segment `*` stands for any one folder; how the vendor's own wildcards work is not specified.
 */
export function compileFolders(folders: readonly string[], wildcards: boolean): FolderTest {
  const wanted = folders.map(segmentsOf);
  return (path) => {
    const segments = segmentsOf(path);
    return wanted.some(
      (folder) =>
        folder.length <= segments.length &&
        folder.every((part, index) => part === segments[index] || (wildcards && part === '*')),
    );
  };
}

function segmentsOf(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '');
}
