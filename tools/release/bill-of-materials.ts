/** What the server installs, as CycloneDX: npm's own list, from the lockfile, without what is drawn anew each time. */
import { spawnSync } from 'node:child_process';

export type BillOfMaterials = {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly name: string; readonly version: string } };
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly purl: string;
    readonly licenses?: readonly unknown[];
    readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  }[];
};

/** JSON, the same for the same lockfile. Throws with what npm said where it cannot. */
export function makeBillOfMaterials(root: string): string {
  const args = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only', '--omit=dev'];
  const ended = spawnSync('npm', [...args, '--loglevel=error'], { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (ended.status !== 0) throw new Error(`npm sbom must work:\n${ended.stdout}${ended.stderr}`);
  const { serialNumber: _, ...bill } = JSON.parse(ended.stdout) as Record<string, unknown>;
  const { timestamp: __, ...metadata } = bill['metadata'] as Record<string, unknown>;
  return `${JSON.stringify({ ...bill, metadata }, null, 2)}\n`;
}
