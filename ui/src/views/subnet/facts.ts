// What is known of an address, line by line: phpIPAM's word on the left, what was seen on the right.

import type { AddressDocument } from '../../host';
import type { Format, Words } from '../../i18n/index.svelte';
import { standingOf } from '../../state/hosts';
import type { CellStanding } from '../../state/map';

export interface Fact {
  key: string;
  name: string;
  ipam: string | null;
  seen: string | null;
  mono?: boolean;
  /** Times in full, for the tooltip. */
  exact?: [string | undefined, string | undefined];
  differs: boolean;
  /** Shown before one asks for all. */
  first: boolean;
}

export function factsOf(row: AddressDocument, t: Words, format: Format, now: number): Fact[] {
  const { ipam, seen } = row;
  const words = t.subnet.detail;
  const differs = (field: 'mac' | 'hostname') => row.differences?.some((one) => one.field === field) ?? false;
  const facts: Fact[] = [];
  const add = (key: string, name: string, left: string | null | undefined, right: string | null | undefined, more: Partial<Fact> = {}) => {
    const [one, other] = [left || null, right || null];
    if (one === null && other === null && key !== 'mac') return;
    facts.push({ key, name, ipam: one, seen: other, differs: false, first: false, ...more });
  };

  add('hostname', words.hostname, ipam?.hostname, seen?.hostname, { first: true, differs: differs('hostname') });
  const mac = seen?.mac && seen.mac_random ? words.randomMac(seen.mac) : seen?.mac;
  add('mac', words.mac, ipam?.mac, mac, { first: true, mono: true, differs: differs('mac') });
  for (const other of seen?.other_macs ?? []) add(`also ${other}`, words.alsoAnswers, null, other, { first: true, mono: true, differs: true });
  add('vendor', words.vendor, null, seen?.vendor, { first: Boolean(seen?.vendor) });
  add('description', words.description, ipam?.description, null, { first: Boolean(ipam?.description) });
  if (seen?.ptr && seen.ptr !== seen.hostname) add('ptr', words.dnsName, null, seen.ptr);
  add('owner', words.owner, ipam?.owner, null);
  add('note', words.note, ipam?.note, null);
  add('gateway', words.gateway, ipam?.is_gateway ? words.yes : null, null);
  if (seen) {
    const rtt = seen.rtt_ms === null ? '' : `, ${words.rtt(format.number(seen.rtt_ms))}`;
    add('answered', words.answered, null, `${t.subnet.seenBy[seen.seen_by]}${rtt}`);
    add('first', words.firstSeen, null, format.dayAndClock(seen.first_at, now), { exact: [undefined, format.exact(seen.first_at)], first: row.standing === 'unknown' });
  }
  // phpIPAM's own times are as it shows them, in its time zone.
  const byIpam = words.ipamTime;
  add('last', words.ipamLastSeen, ipam?.last_seen, seen ? format.dayAndClock(seen.last_at, now) : null, { exact: [byIpam, seen ? format.exact(seen.last_at) : undefined] });
  add('edited', words.edited, ipam?.edit_date, null, { exact: [byIpam, undefined] });
  for (const [name, value] of Object.entries(ipam?.custom ?? {})) add(`custom ${name}`, name.slice(0, 80), value, null);
  return facts;
}

/** What that means, and what to do. */
export function remarkOf(row: AddressDocument | null, standing: CellStanding, t: Words): string {
  const { remarks } = t.subnet.detail;
  if (!row) return standing === 'reserved' ? remarks.reserved : remarks.free;
  const fields = new Set(row.differences?.map((one) => one.field));
  switch (standingOf(row)) {
    case 'known':
      return '';
    case 'unknown':
      return remarks.unknown;
    case 'missing':
      return remarks.missing(row.misses ?? 1);
    case 'mismatch':
      if (fields.has('duplicate-mac')) return remarks.mismatch.duplicate;
      return fields.size > 1 ? remarks.mismatch.both : fields.has('hostname') ? remarks.mismatch.hostname : remarks.mismatch.mac;
    case 'unseen':
      return remarks.unseen(row.misses ?? 1);
    case 'excluded':
      return remarks.excluded;
    case 'unscanned':
      return remarks.unscanned;
  }
}
