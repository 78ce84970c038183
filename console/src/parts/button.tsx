import { IconCheck, IconCopy, IconLoader2 } from '@tabler/icons-react';
import { type ButtonHTMLAttributes, type ReactNode, useEffect, useState } from 'react';
import { Link } from 'wouter';
import { words } from '../words/words.ts';

type Look = 'primary' | 'danger' | 'plain';

export type ButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className'> & {
  readonly look?: Look;
  readonly small?: boolean;
  /** Shown instead of being clicked again. */
  readonly busy?: boolean;
  readonly icon?: ReactNode;
  /** What an icon alone means. */
  readonly label?: string;
};

export function Button({ look, small = false, busy = false, icon, label, children, disabled, ...rest }: ButtonProps) {
  const bare = children === undefined || children === null;
  return (
    <button
      type="button"
      {...rest}
      className={classes(look, small, bare)}
      disabled={disabled === true || busy}
      {...(label === undefined ? {} : { 'aria-label': label, title: label })}
    >
      {busy ? <IconLoader2 size={16} className="spin" aria-hidden /> : icon}
      {children}
    </button>
  );
}

export function LinkButton({
  href,
  look,
  small = false,
  icon,
  children,
}: {
  readonly href: string;
  readonly look?: Look;
  readonly small?: boolean;
  readonly icon?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <Link href={href} className={classes(look, small, false)}>
      {icon}
      {children}
    </Link>
  );
}

function classes(look: Look | undefined, small: boolean, bare: boolean): string {
  return ['button', look, small ? 'small' : '', bare ? 'icon' : ''].filter((name) => name !== '').join(' ');
}

/** Copies a text and says so. */
export function CopyButton({ text, label = words.common.copy }: { readonly text: string; readonly label?: string }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return undefined;
    const timer = window.setTimeout(() => setDone(false), 1_600);
    return () => window.clearTimeout(timer);
  }, [done]);
  const copy = () => {
    void navigator.clipboard.writeText(text).then(() => setDone(true));
  };
  return (
    <Button
      small
      look="plain"
      label={done ? words.common.copied : label}
      icon={done ? <IconCheck size={15} aria-hidden /> : <IconCopy size={15} aria-hidden />}
      onClick={copy}
    />
  );
}
