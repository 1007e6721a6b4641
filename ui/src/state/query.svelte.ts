// A list that is read from the agent and read again when it changed. A result is never thrown away for an error or a reload.

import { untrack } from 'svelte';

import { refusalOf, type Refusal } from '../host';

/** How much of the time reading may take: after one that took long, the next waits as long. */
const SHORTEST_PAUSE = 250;

/** Asks for something. What there is of it before the whole goes to `ahead`. */
type Fetch<T> = (ahead: (some: T) => void) => Promise<T>;

export class Query<T> {
  /** The last good result. */
  data = $state.raw<T | undefined>(undefined);
  /** Why the last reading failed; the result before it is still in `data`. */
  refusal = $state.raw<Refusal | null>(null);
  busy = $state(false);

  /** Counts the questions, so that a late answer to an old one is known as such. */
  private subject = 0;
  private again = false;

  constructor(private fetch: Fetch<T>) {}

  /** Nothing is there to show yet. */
  get loading(): boolean {
    return this.data === undefined && this.refusal === null;
  }

  /** Asks something else: the old result is none for it. */
  change(fetch: Fetch<T>, known?: T): void {
    this.fetch = fetch;
    this.subject += 1;
    this.busy = false;
    this.again = false;
    this.data = known;
    this.refusal = null;
    void this.reload();
  }

  /** Reads anew. While it is being read, once more after that. */
  async reload(): Promise<void> {
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    const subject = this.subject;
    const began = performance.now();
    try {
      const data = await this.fetch((some) => {
        // A part is better than nothing, but not than the whole from before.
        if (subject === this.subject) this.data ??= some;
      });
      if (subject !== this.subject) return;
      this.data = data;
      this.refusal = null;
    } catch (reason) {
      if (subject !== this.subject) return;
      this.refusal = refusalOf(reason);
    }
    this.busy = false;
    if (this.again) {
      this.again = false;
      const pause = Math.max(SHORTEST_PAUSE, performance.now() - began);
      setTimeout(() => subject === this.subject && void this.reload(), pause);
    }
  }
}

/**
 * A query for a component: asked anew when `key` changes, read again when `revision` does. To be called while the component is set up.
 * With a key of null nothing is asked. `known` has what is shown until the first answer.
 */
export function query<K extends string | number, T>(
  key: () => K | null,
  revision: () => number,
  fetch: (key: K, ahead: (some: T) => void) => Promise<T>,
  known: (key: K) => T | undefined = () => undefined,
): Query<T> {
  const made = new Query<T>(() => Promise.reject(new Error('nothing was asked')));
  // Derived, since the snapshot changes far more often than a revision does.
  const present = $derived(key());
  const version = $derived(revision());
  let asked: K | null = null;
  $effect(() => {
    const now = present;
    void version;
    untrack(() => {
      if (now === null) return;
      if (now === asked) {
        void made.reload();
      } else {
        asked = now;
        made.change((ahead) => fetch(now, ahead), known(now));
      }
    });
  });
  return made;
}
