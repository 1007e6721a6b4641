// The keyboard of the window. A key belongs to the view that took it last; while somebody types, only keys with Ctrl or ⌘ count, Enter not among them.

/** A key as it is written: `mod+f`, `mod+enter`, `escape`, `f5`, `]`. `mod` is Ctrl, or ⌘ on a Mac. */
export type Combination = string;

const isMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.userAgent);

interface Taken {
  combination: Combination;
  run: (event: KeyboardEvent) => void;
}

const taken: Taken[] = [];

/** Takes keys. Returns what gives them back. */
export function takeKeys(keys: Record<Combination, (event: KeyboardEvent) => void>): () => void {
  const mine = Object.entries(keys).map(([combination, run]) => ({ combination, run }));
  taken.push(...mine);
  return () => {
    for (const one of mine) taken.splice(taken.indexOf(one), 1);
  };
}

/** What was pressed, as it is written. */
export function combinationOf(event: KeyboardEvent): Combination {
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const parts = [];
  if (mod) parts.push('mod');
  if (event.altKey) parts.push('alt');
  // With a sign such as `]`, Shift or AltGr is only the way to type it.
  if (event.shiftKey && event.key.length > 1) parts.push('shift');
  return [...parts, event.key.toLowerCase()].join('+');
}

/** Hands a key to whoever took it last. */
export function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const combination = combinationOf(event);
  if (isTyping(event.target) && !countsWhileTyping(combination)) return;
  const owner = taken.findLast((one) => one.combination === combination);
  if (!owner) return;
  event.preventDefault();
  owner.run(event);
}

/** Ctrl and Enter mean “send this” to whoever types, and nothing beyond the field. */
function countsWhileTyping(combination: Combination): boolean {
  return combination !== 'mod+enter' && /^(mod\+|escape$|f\d+$)/.test(combination);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null;
}

/** A combination as this system writes it: `Ctrl F`, `⌘F`. */
export function keyName(combination: Combination): string {
  return combination
    .split('+')
    .map((part) => (part === 'mod' ? (isMac ? '⌘' : 'Ctrl') : part.length === 1 ? part.toUpperCase() : part[0]?.toUpperCase() + part.slice(1)))
    .join(isMac ? '' : ' ');
}
