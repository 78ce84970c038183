import { IconX } from '@tabler/icons-react';
import { type FormEvent, type ReactNode, useLayoutEffect, useRef, useState } from 'react';
import { words } from '../words/words.ts';
import { Button } from './button.tsx';

export type DialogProps = {
  readonly title: ReactNode;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly footer?: ReactNode;
  readonly wide?: boolean;
  /** Makes it a form, which Enter sends. */
  readonly onSubmit?: () => void;
};

/** The browser's own modal dialog: it keeps the focus inside, closes on Escape and gives the focus back. */
export function Dialog({ title, onClose, children, footer, wide = false, onSubmit }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  // Before it is taken out of the page: a dialog that is gone gives the focus back to nobody.
  useLayoutEffect(() => {
    const dialog = element.current;
    if (dialog !== null && !dialog.open) {
      dialog.showModal();
      // The browser would begin with the cross: what one came to write comes first.
      dialog.querySelector<HTMLElement>('.body :is(input, select, textarea):not([type=hidden])')?.focus();
    }
    return () => dialog?.close();
  }, []);
  const inside = (
    <>
      <header>
        <h2 id="dialog-title">{title}</h2>
        <Button
          small
          look="plain"
          label={words.common.close}
          icon={<IconX size={16} aria-hidden />}
          onClick={onClose}
        />
      </header>
      <div className="body stack">{children}</div>
      {footer === undefined ? null : <footer className="actions">{footer}</footer>}
    </>
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit?.();
  };
  return (
    <dialog
      ref={element}
      className={wide ? 'wide' : undefined}
      aria-labelledby="dialog-title"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === element.current) onClose();
      }}
    >
      {onSubmit === undefined ? (
        <div className="inside">{inside}</div>
      ) : (
        <form onSubmit={submit} noValidate>
          {inside}
        </form>
      )}
    </dialog>
  );
}

/** Asks before something that cannot be taken back. */
export function Confirm({
  title,
  children,
  action,
  onConfirm,
  onClose,
  busy = false,
  danger = true,
  typed,
}: {
  readonly title: string;
  readonly children: ReactNode;
  readonly action: string;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
  readonly busy?: boolean;
  readonly danger?: boolean;
  /** What has to be typed first, where it is lost for good: its name. */
  readonly typed?: string;
}) {
  const [text, setText] = useState('');
  const wanted = typed === undefined ? null : typeable(typed);
  const ready = wanted === null || text.trim() === wanted;
  return (
    <Dialog
      title={title}
      onClose={onClose}
      onSubmit={() => {
        if (ready) onConfirm();
      }}
      footer={
        <>
          <Button onClick={onClose}>{words.common.cancel}</Button>
          <Button type="submit" look={danger ? 'danger' : 'primary'} busy={busy} disabled={!ready}>
            {action}
          </Button>
        </>
      }
    >
      {children}
      {wanted === null ? null : (
        <label className="field">
          <span>
            {words.common.typeName} <strong className="typed">{wanted}</strong>
          </span>
          <input
            className="input"
            value={text}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
      )}
    </Dialog>
  );
}

const typedCharactersMax = 60;

/** Names that nobody can type (spaces in a row, signs that are not seen) are asked for as they read; long ones in part. */
function typeable(name: string): string {
  const seen = name
    .normalize('NFC')
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .trim();
  return seen.slice(0, typedCharactersMax).trim();
}
