/** The file that every virus scanner takes for a virus and that harms nobody, and a scanner that knows it alone. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Put together here, so that no scanner takes this file for one. */
export const eicar = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD', '-ANTIVIRUS-TEST-FILE!$H+H*'].join('');

/** Writes a scanner that answers as ClamAV's do into a directory; its path. */
export function scannerScript(directory: string): string {
  const path = join(directory, 'scanner.sh');
  const lines = [
    '#!/bin/sh',
    'if grep -q "EICAR-STANDARD-ANTIVIRUS" "$1"; then echo "$1: Eicar-Test-Signature FOUND"; exit 1; fi',
    'echo "$1: OK"',
  ];
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o755 });
  return path;
}
