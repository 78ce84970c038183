import { useEffect, useState } from 'react';

/** The samples of the guide, which a test runs; each is fetched when somebody wants to see it. */
const samples = import.meta.glob<string>('../../../docs/guides/samples/*', { query: '?raw', import: 'default' });

const languages: { readonly [ending: string]: string } = {
  mjs: 'Node.js',
  py: 'Python',
  go: 'Go',
  java: 'Java',
  cs: 'C#',
  php: 'PHP',
  rb: 'Ruby',
  sh: 'Bash',
};

export type Snippet = { readonly language: string; readonly load: () => Promise<string> };

/** Samples for receivers of a dialect: those whose file has its name. */
export function snippetsOf(dialect: string): readonly Snippet[] {
  return Object.entries(samples)
    .flatMap(([path, load]) => {
      const [name = '', ending = ''] = (path.split('/').at(-1) ?? '').split('.');
      const language = languages[ending];
      return name.toLowerCase() === dialect && language !== undefined ? [{ language, load }] : [];
    })
    .toSorted((one, other) => one.language.localeCompare(other.language));
}

export function useSnippet(snippet: Snippet | undefined): string | null {
  const [code, setCode] = useState<string | null>(null);
  useEffect(() => {
    let left = false;
    setCode(null);
    void snippet?.load().then((text) => {
      if (!left) setCode(text);
    });
    return () => {
      left = true;
    };
  }, [snippet]);
  return code;
}
