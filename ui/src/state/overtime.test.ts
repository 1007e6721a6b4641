import { expect, it } from 'vitest';

import type { HostsAt, SightingDocument } from '../host';
import { daysOf } from './overtime';
import { sightingOf, stretchesOf } from './sightings';

const counts = { known: 0, unknown: 0, unseen: 0, missing: 0, mismatch: 0, excluded: 0, up: 0 };
const scan = (at: string, up: number, more: Partial<HostsAt['counts']> = {}): HostsAt => ({ at, up, counts: { ...counts, ...more, up } });

it('keeps the last scan of each day, and marks days on which more needed a look', () => {
  const now = Date.parse('2026-03-12T14:00:00+01:00');
  const days = daysOf([scan('2026-03-10T08:00:00+01:00', 4), scan('2026-03-10T18:00:00+01:00', 5), scan('2026-03-12T08:00:00+01:00', 7, { unknown: 2, missing: 1 })], now, 4);
  expect(days.map((day) => day.up)).toEqual([null, 5, null, 7]);
  expect(days[3]).toMatchObject({ moreUnknown: 2, moreMissing: 1 });
});

it('counts days by the calendar where the clock is changed', () => {
  const days = daysOf([], Date.parse('2026-03-30T00:30:00+02:00'), 3);
  expect(days.map((day) => new Date(day.at).getDate())).toEqual([28, 29, 30]);
});

it('tells an address’s history in stretches, and that it is not seen now', () => {
  const sighting = (first_scan: number, scan: number, up: boolean, mac: string): SightingDocument => ({ scan, at: String(scan), first_scan, first_at: String(first_scan), up, hostname: null, mac, vendor: null, rtt_ms: null, seen_by: 'arp-response' });
  const all = [sighting(7, 9, false, 'aa'), sighting(1, 5, false, 'bb')];
  expect(stretchesOf(all).map(({ up, from, to, mac }) => [up, from, to, mac])).toEqual([
    [false, '9', null, null],
    [true, '7', '9', 'aa'],
    [true, '1', '5', 'bb'],
  ]);
  expect(stretchesOf([sighting(7, 9, true, 'aa')])).toHaveLength(1);
  expect(sightingOf(all, 8)?.mac).toBe('aa');
  expect(sightingOf(all, 6), 'a scan between them did not see it').toBeNull();
});
