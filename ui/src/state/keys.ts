// The keyboard of the window. A key belongs to the view that took it last; while somebody types, only keys with Ctrl or ⌘ count, Enter not among them.

/** A key as it is written: `mod+f`, `mod+enter`, `escape`, `f5`, `]`. `mod` is Ctrl, or ⌘ on a Mac. */
export type Combination = string;

type Place = HTMLElement | null | undefined;

const isMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.userAgent);

interface Taken {
  combination: Combination;
  /** Where the keyboard must be; anywhere without it. */
  where: (() => Place) | undefined;
  run: (event: KeyboardEvent) => void;
}

const taken: Taken[] = [];

/**
 * Takes keys. Returns what gives them back. With `where`, those that are one character and nothing else count only while the
 * keyboard is in there, or nowhere in particular: who speaks to the computer, or hits a key by mistake, would set them off while
 * at something else (WCAG 2.1.4).
 */
export function takeKeys(keys: Record<Combination, (event: KeyboardEvent) => void>, where?: () => Place): () => void {
  const mine = Object.entries(keys).map(([combination, run]) => ({ combination, run, where: combination.length === 1 ? where : undefined }));
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
  // With a sign such as `]`, Shift, AltGr or a Mac's Option is only the way to type it.
  if (event.altKey && (event.key.length > 1 || /[\p{L}\p{N}]/u.test(event.key))) parts.push('alt');
  if (event.shiftKey && event.key.length > 1) parts.push('shift');
  return [...parts, event.key.toLowerCase()].join('+');
}

/** Hands a key to whoever took it last. */
export function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const combination = combinationOf(event);
  if (isTyping(event.target) && !countsWhileTyping(combination)) return;
  const owner = taken.findLast((one) => one.combination === combination && isAt(one.where));
  if (!owner) return;
  event.preventDefault();
  owner.run(event);
}

/** Whether the keyboard is there. On a page that was just opened it is nowhere yet, or on `main`; then the page's keys count. */
function isAt(where: Taken['where']): boolean {
  if (!where) return true;
  const { activeElement, body } = document;
  return activeElement === null || activeElement === body || activeElement.tagName === 'MAIN' || (where()?.contains(activeElement) ?? false);
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
