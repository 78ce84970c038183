import { fetched } from '../api/ask.ts';
import { words } from '../words/words.ts';

/** Saves the XMP packet of an asset, as it stands in its file. */
export function PacketLink({ id }: { readonly id: string }) {
  return (
    <p>
      <a href={fetched(`/v1/assets/${encodeURIComponent(id)}/xmp`)} download>
        {words.asset.xmpPacket}
      </a>
    </p>
  );
}
