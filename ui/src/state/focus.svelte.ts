// Where the keyboard goes on when the control that has it goes away. Otherwise it would begin anew at the top of the window.

import { tick, untrack } from 'svelte';

type Place = HTMLElement | null | undefined;

/** Whether nothing has the keyboard, as after the control that had it is gone. Only then it may be moved unasked. */
export function isLost(): boolean {
  const { activeElement, body } = document;
  return activeElement === null || activeElement === body || !activeElement.isConnected;
}

/** Where a page begins for the keyboard: at its heading if that takes it, or else at all that is on it. */
export function pageStart(): HTMLElement | null {
  return document.querySelector<HTMLElement>('h1[tabindex]') ?? document.querySelector('main');
}

/** To be called while a component is set up: if a change of `what` takes away the control inside `around` that has the keyboard, it goes on at `next`. */
export function keepFocus(what: () => unknown, around: () => Place, next: () => Place): void {
  const present = $derived(what());
  // Before the document changes, since afterwards nobody knows where the keyboard was.
  $effect.pre(() => {
    void present;
    untrack(() => {
      if (!around()?.contains(document.activeElement)) return;
      void tick().then(() => isLost() && next()?.focus());
    });
  });
}
