import { type BrowserLocationHook, useBrowserLocation } from 'wouter/use-browser-location';
import { chosenWorkspace } from '../api/ask.ts';

/** An address of a page, with the workspace that this tab looks at. */
export function withWorkspace(href: string): string {
  const workspace = chosenWorkspace();
  if (workspace === null || /[?&]workspace=/.test(href)) return href;
  return `${href}${href.includes('?') ? '&' : '?'}workspace=${encodeURIComponent(workspace)}`;
}

/** Where the browser is; wherever one goes from there the workspace goes along. */
export const useLocationInWorkspace: BrowserLocationHook = (options) => {
  const [location, navigate] = useBrowserLocation(options);
  return [location, (to, options) => navigate(withWorkspace(String(to)), options)];
};
