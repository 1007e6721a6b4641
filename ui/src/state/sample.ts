// Addresses for tests.

import type { AddressDocument, Standing } from '../host';

/** A row of phpIPAM and a sighting, changed as the test needs it. */
export function address(ip: string, standing: Standing | null, more: { name?: string; mac?: string; vendor?: string; description?: string; misses?: number; rtt?: number } = {}): AddressDocument {
  const up = standing === 'known' || standing === 'unknown' || standing === 'mismatch';
  return {
    ip,
    subnet: 101,
    standing,
    ...(more.misses === undefined ? {} : { misses: more.misses }),
    ipam:
      standing === 'unknown'
        ? null
        : { id: 1, hostname: more.name ?? null, mac: more.mac ?? null, description: more.description ?? null, owner: null, note: null, is_gateway: false, exclude_ping: standing === 'excluded', tag: null, last_seen: null, edit_date: null },
    seen:
      standing === null || standing === 'excluded'
        ? null
        : { up, hostname: more.name ?? null, ptr: null, mac: more.mac ?? null, mac_random: false, other_macs: [], vendor: more.vendor ?? null, rtt_ms: more.rtt ?? null, seen_by: 'arp-response', first_at: '2026-03-01T08:00:00Z', last_at: '2026-03-12T13:00:00Z', scan: 1 },
  };
}
