// What was seen in the past: of one address, and of a subnet as a whole.

import type { AddressDocument, HostsAt, SightingDocument } from '../types';
import type { FakeSubnet } from './site';
import { iso, MINUTE } from './time';

/** The history of an address, the newest first. */
export function sightingsOf(row: AddressDocument, scannedAt: number): SightingDocument[] {
  const { seen } = row;
  if (!seen) return [];
  const at = (scans: number) => ({ scan: 1_648 - scans * 4, at: iso(scannedAt - scans * 30 * MINUTE) });
  const span = (from: number, to: number, mac: string | null, up: boolean): SightingDocument => ({
    ...at(to),
    first_scan: at(from).scan,
    first_at: at(from).at,
    up,
    hostname: seen.hostname,
    mac,
    vendor: seen.vendor,
    rtt_ms: seen.rtt_ms,
    seen_by: seen.seen_by,
  });
  // Counted in scans before the last one: until when it was seen, when it changed, and a night in which it was off.
  const until = row.misses ?? 0;
  const changed = row.differences?.[0];
  const first = row.standing === 'unknown' ? 3 : 400;
  const spans = changed ? [span(3, 0, seen.mac, true), span(40, 4, changed.ipam, false)] : [span(Math.min(40, first), until, seen.mac, until === 0)];
  return first > 40 ? [...spans, span(first, 62, changed?.ipam ?? seen.mac, false)] : spans;
}

/** The counts of every sixth hour, with one in which a third was missing. */
export function overTime({ counts }: FakeSubnet, days: number, scannedAt: number): HostsAt[] {
  return Array.from({ length: days * 4 }, (_, index) => {
    const known = Math.max(0, counts.known - ((index * 7) % 3) - (index === days * 2 ? Math.floor(counts.known / 3) : 0));
    const up = known + counts.unknown + counts.mismatch;
    return { at: iso(scannedAt - (days * 4 - 1 - index) * 360 * MINUTE), up, counts: { ...counts, known, up } };
  });
}
