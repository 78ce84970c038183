import { IconChevronLeft } from '@tabler/icons-react';
import { type ReactNode, useEffect, useRef } from 'react';
import { Link } from 'wouter';
import { visited } from '../app/recent.ts';

export function Card({
  title,
  actions,
  flush = false,
  children,
  id,
}: {
  readonly title?: ReactNode;
  readonly actions?: ReactNode;
  /** Without room around what is inside: for tables. */
  readonly flush?: boolean;
  readonly children: ReactNode;
  readonly id?: string;
}) {
  return (
    <section className="card" id={id}>
      {title === undefined ? null : (
        <header>
          <h2>{title}</h2>
          {actions === undefined ? null : <div className="row">{actions}</div>}
        </header>
      )}
      <div className={flush ? 'body flush' : 'body'}>{children}</div>
    </section>
  );
}

/** The page that was shown last: null before the first, which begins where a browser begins. */
let shownPath: string | null = null;

/** A page with its one heading, which is its name in the browser's tab too. */
export function Page({
  title,
  name,
  lead,
  back,
  actions,
  children,
}: {
  readonly title: ReactNode;
  /** For the tab, where the title is no text. */
  readonly name?: string;
  readonly lead?: ReactNode | undefined;
  readonly back?: { readonly href: string; readonly label: string };
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  const tab = name ?? (typeof title === 'string' ? title : '');
  useEffect(() => {
    document.title = tab === '' ? 'Assetwire' : `${tab} · Assetwire`;
    visited(location.pathname, tab);
  }, [tab]);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (tab === '' || shownPath === location.pathname) return;
    // Whoever went here goes on here, and hears where: not behind the link that led here, which may be gone.
    if (shownPath !== null) heading.current?.focus({ preventScroll: true });
    shownPath = location.pathname;
  }, [tab]);
  return (
    <main className="page" id="main" tabIndex={-1}>
      <div className="page-head">
        <div className="title">
          {back === undefined ? null : (
            <Link href={back.href} className="crumb">
              <IconChevronLeft size={14} aria-hidden /> {back.label}
            </Link>
          )}
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead === undefined ? null : <p>{lead}</p>}
        </div>
        {actions === undefined ? null : <div className="row">{actions}</div>}
      </div>
      {children}
    </main>
  );
}

export function Tile({
  label,
  value,
  unit,
  tone,
}: {
  readonly label: string;
  readonly value: string;
  readonly unit?: string;
  readonly tone?: 'bad' | 'warn';
}) {
  return (
    <div className="tile" data-tone={tone}>
      <div className="label">{label}</div>
      <div className="value">{value}</div>
      <div className="label number">{unit ?? '\u00a0'}</div>
    </div>
  );
}

export function Facts({ of }: { readonly of: readonly (readonly [name: string, value: ReactNode, mono?: 'mono'])[] }) {
  return (
    <dl className="facts">
      {of
        .filter(([, value]) => value !== undefined && value !== null && value !== '')
        .map(([name, value, mono]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt className={mono}>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
