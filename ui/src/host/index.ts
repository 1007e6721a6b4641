// Chooses the host: the agent in the application; in `npm run dev` and in tests, a fake on generated data.

import type { Host } from './host';

export { refusalOf, type Addresses, type Host, type Stop } from './host';
export * from './types';

/** Set by `connect`, before anything is shown. */
export let host: Host;

/** Chooses the host. */
export async function connect(): Promise<void> {
  if ('__TAURI_INTERNALS__' in window) {
    host = (await import('./tauri')).tauri;
  } else if (import.meta.env.MODE !== 'production') {
    // The fake is in no build that is shipped.
    host = (await import('./fake')).fakeOf(new URLSearchParams(location.search));
  } else {
    throw new Error('This page belongs into Fieldscan and does nothing in a browser.');
  }
}

/** Puts another host in place. For tests of components. */
export function use(other: Host): void {
  host = other;
}
