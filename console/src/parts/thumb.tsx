import { IconBroadcast, IconFile, IconFileText, IconMovie, IconMusic, IconPhoto } from '@tabler/icons-react';
import { type ImgHTMLAttributes, useEffect, useRef, useState } from 'react';
import { fetched } from '../api/ask.ts';
import type { Asset, AssetState } from '../api/assets.ts';

const icons = {
  image: IconPhoto,
  video: IconMovie,
  audio: IconMusic,
  document: IconFileText,
  broadcast: IconBroadcast,
  other: IconFile,
};

export type PictureName = 'small' | 'medium' | 'large';

/** Ids of the beginning of time are those of assets that tests made up: there is nothing to ask for. */
export const isSample = (id: string): boolean => id.startsWith('ast_0000000000');

/** Where the smallest picture of at least this size is; null where the asset has none. */
export function pictureOf({ id, state }: Pick<Asset, 'id' | 'state'>, wanted: PictureName): string | null {
  if (isSample(id)) return null;
  const names = new Set((state.renditions ?? []).map((rendition) => rendition['title'] ?? rendition['name']));
  const order: readonly PictureName[] = ['small', 'medium', 'large'];
  const fitting =
    order.slice(order.indexOf(wanted)).find((name) => names.has(name)) ?? order.findLast((name) => names.has(name));
  return fitting === undefined ? null : fetched(`/v1/assets/${id}/renditions/${fitting}`);
}

export function KindIcon({ kind, size = 18 }: { readonly kind: AssetState['kind']; readonly size?: number }) {
  const Icon = icons[kind] ?? IconFile;
  return <Icon size={size} stroke={1.6} aria-hidden />;
}

/** A picture that comes in once it is there, into a place that is kept for it. */
export function Picture({ alt = '', ...rest }: Omit<ImgHTMLAttributes<HTMLImageElement>, 'className' | 'onLoad'>) {
  return (
    <img
      {...rest}
      alt={alt}
      className="coming"
      onLoad={({ currentTarget }) => currentTarget.setAttribute('data-ready', '')}
    />
  );
}

/** A picture out of a film that has none of its own, fetched once it is about to be seen. */
export function Still({ src, onError }: { readonly src: string; readonly onError: () => void }) {
  const place = useRef<HTMLVideoElement>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const seen = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting === true) setNear(true);
      },
      { rootMargin: '200px' },
    );
    seen.observe(element);
    return () => seen.disconnect();
  }, []);
  return (
    <video
      ref={place}
      className="coming"
      muted
      playsInline
      tabIndex={-1}
      aria-hidden
      preload="metadata"
      {...(near ? { src: `${src}#t=${stillAtS}` } : {})}
      onLoadedData={({ currentTarget }) => currentTarget.setAttribute('data-ready', '')}
      onError={onError}
    />
  );
}

/** Films like to begin in the dark. */
const stillAtS = 0.5;

/** The asset's own small picture, or a sign for its kind. */
export function Thumb({
  asset,
  size = 36,
}: {
  readonly asset: Pick<Asset, 'id' | 'state'> | undefined;
  readonly size?: number;
}) {
  const [broken, setBroken] = useState(false);
  const source = asset === undefined || broken ? null : pictureOf(asset, 'small');
  return (
    <span className="thumb" style={{ width: size, height: size }}>
      {source === null ? (
        <KindIcon kind={asset?.state.kind ?? 'other'} size={size / 2} />
      ) : (
        <Picture src={source} loading="lazy" width={size} height={size} onError={() => setBroken(true)} />
      )}
    </span>
  );
}
