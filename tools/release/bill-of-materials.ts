/**
 * What the server installs, as CycloneDX 1.6: every package of the production part of the lockfile with its licence and hash.
 * Not by `npm sbom`, which leaves out packages with a scope and draws an id and a time anew with each call.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type BillOfMaterials = {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly name: string; readonly version: string } };
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly purl: string;
    readonly licenses: readonly { readonly expression: string }[];
    readonly hashes: readonly { readonly alg: string; readonly content: string }[];
  }[];
};

type Locked = {
  readonly version?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
};

/** JSON, the same for the same lockfile. */
export function makeBillOfMaterials(root: string): string {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), 'utf8'));
  const { name, version } = read('package.json') as { readonly name: string; readonly version: string };
  const { packages } = read('package-lock.json') as { readonly packages: Readonly<Record<string, Locked>> };
  const installed = Object.entries(packages).filter(
    ([path, { dev, link }]) => path.startsWith('node_modules/') && dev !== true && link !== true,
  );
  const components = new Map(
    installed.map(([path, locked]) => {
      const component = componentOf(path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length), locked);
      return [component.purl, component] as const;
    }),
  );
  const bill = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', 'bom-ref': `${name}@${version}`, name, version } },
    components: [...components.values()].toSorted((a, b) => (a.purl < b.purl ? -1 : 1)),
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

function componentOf(name: string, { version = '', license = 'NOASSERTION', integrity = '' }: Locked) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const [, algorithm = '', digest = ''] = /^(sha\d+)-(\S+)/.exec(integrity) ?? [];
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    purl,
    licenses: [{ expression: license }],
    hashes: [{ alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(digest, 'base64').toString('hex') }],
  };
}
