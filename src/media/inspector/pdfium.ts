/**
 * PDFium as the inspector uses it: WebAssembly, so a document that breaks it reaches this memory and no file, no network, no
 * process. Scripts in documents are never run: this build has none of that, and forms are not opened. Every document gets a
 * memory of its own, so what one did to it the next one never meets.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { PDFiumLibrary as Library, PDFiumPage } from '@hyzyla/pdfium';

/** Larger ones are not opened: the document lies in memory twice. */
export const pdfBytesMax = 64 * 1024 * 1024;

type Pdfium = { readonly init: () => Promise<Library> };

let loaded: Promise<Pdfium> | null = null;

/** A document, for as long as `use` runs. */
export async function withPdf<Result>(
  content: Uint8Array,
  use: (document: OpenPdf) => Promise<Result>,
): Promise<Result> {
  loaded ??= load();
  const library = await (await loaded).init();
  const document = await library.loadDocument(content);
  // Not destroyed: the whole memory goes with the last name of it.
  return use({ pages: document.getPageCount(), first: () => document.getPage(0) });
}

export type OpenPdf = { readonly pages: number; readonly first: () => PDFiumPage };

/** Compiled once; what is compiled is shared, memory is not. */
async function load(): Promise<Pdfium> {
  const { PDFiumLibrary } = await import('@hyzyla/pdfium');
  const module = new WebAssembly.Module(
    new Uint8Array(await readFile(fileURLToPath(import.meta.resolve('@hyzyla/pdfium/pdfium.wasm')))),
  );
  return {
    init: () =>
      PDFiumLibrary.init({
        instantiateWasm(imports, ready) {
          const instance = new WebAssembly.Instance(module, imports);
          // The declared type is that of a module; what Emscripten takes is the instance.
          (ready as unknown as (made: WebAssembly.Instance) => void)(instance);
          return instance.exports;
        },
      }),
  };
}
