/** What vendors' routes may ask for of assets beyond the native use cases: with the links that payloads carry. */
import type { App, AssetView, Caller } from '../app/app.ts';
import type { JsonObject } from '../core/json.ts';

/** An asset with links to its content and renditions, as a notification of this moment would hold them. */
export type LinkedAsset = AssetView & {
  readonly workspaceId: string;
  /** `content` is null where we hold no bytes; renditions by title, those whose bytes we hold. */
  readonly links: { readonly content: string | null; readonly renditions: JsonObject };
};

/** Throws `not_found`. */
export async function linkedAsset(
  app: App,
  caller: Caller,
  { id, dialect }: { readonly id: string; readonly dialect: string },
): Promise<LinkedAsset> {
  const view = await app.assets.get(caller, id);
  const links = app.links(caller, dialect);
  const { file, renditions } = view.state;
  return {
    ...view,
    workspaceId: caller.workspaceId,
    links: {
      content: file?.blob === undefined ? null : links.content(view.id),
      renditions: Object.fromEntries(
        renditions
          .filter(({ blob }) => blob !== undefined)
          .map(({ title }) => [title, links.rendition(view.id, title)]),
      ),
    },
  };
}
