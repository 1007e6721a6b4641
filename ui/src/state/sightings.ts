// The history of one address: scans one after the other that saw the same are one line.

import type { SightingDocument, Time } from '../host';

export interface Stretch {
  up: boolean;
  /** The newest and the oldest scan of it. */
  to: Time;
  from: Time;
  scans: number;
  hostname: string | null;
  mac: string | null;
  vendor: string | null;
}

/** Newest first, as the sightings are. */
export function stretchesOf(sightings: readonly SightingDocument[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const { up, at, hostname, mac, vendor } of sightings) {
    const last = stretches.at(-1);
    if (last && last.up === up && (!up || (last.hostname === hostname && last.mac === mac))) {
      last.from = at;
      last.scans += 1;
    } else {
      stretches.push({ up, to: at, from: at, scans: 1, hostname, mac, vendor });
    }
  }
  return stretches;
}
