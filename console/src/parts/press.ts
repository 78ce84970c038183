let pressed = false;
const released: (() => void)[] = [];

function onUp(): void {
  pressed = false;
  for (const act of released.splice(0)) act();
}

document.addEventListener('pointerdown', () => (pressed = true), true);
for (const end of ['pointerup', 'pointercancel']) document.addEventListener(end, onUp, true);

/**
 * Does something that changes what is on the page, but not between press and release: what one presses would move away from
 * below the pointer, and the click would meet nothing.
 */
export function afterPress(act: () => void): void {
  if (pressed) released.push(act);
  else act();
}
