import { Dialog } from '../parts/dialog.tsx';
import { words } from '../words/words.ts';

export function ShortcutHelp({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title={words.shell.shortcuts} onClose={onClose}>
      <dl className="facts">
        {words.shell.shortcutList.map(([keys, meaning]) => (
          <div key={meaning} style={{ display: 'contents' }}>
            <dt>
              {keys.map((key) => (
                <span key={key}>
                  <kbd>{key}</kbd>{' '}
                </span>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
