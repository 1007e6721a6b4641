// The history of one address, as stretches of time in which scans saw it alike.

import type { SightingDocument, Time } from '../host';

export interface Stretch {
  up: boolean;
  from: Time;
  /** Null where it lasts. */
  to: Time | null;
  hostname: string | null;
  mac: string | null;
  vendor: string | null;
}

/** Newest first, as the sightings are. An address that the last scan did not see begins with that. */
export function stretchesOf(sightings: readonly SightingDocument[]): Stretch[] {
  const stretches = sightings.map(({ first_at, at, hostname, mac, vendor }): Stretch => ({ up: true, from: first_at, to: at, hostname, mac, vendor }));
  const [newest] = sightings;
  if (newest && !newest.up) stretches.unshift({ up: false, from: newest.at, to: null, hostname: null, mac: null, vendor: null });
  return stretches;
}

/** The sighting that a scan belongs to; null if that scan did not see the address. */
export function sightingOf(sightings: readonly SightingDocument[], scan: number): SightingDocument | null {
  return sightings.find((one) => one.first_scan <= scan && scan <= one.scan) ?? null;
}
