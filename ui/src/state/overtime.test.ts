import { expect, it } from 'vitest';

import type { HostsAt, SightingDocument } from '../host';
import { daysOf } from './overtime';
import { stretchesOf } from './sightings';

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

it('takes sightings together that are the same', () => {
  const sighting = (at: string, up: boolean, mac: string | null): SightingDocument => ({ scan: 1, at, standing: 'known', up, hostname: null, mac, vendor: null, rtt_ms: null, seen_by: null });
  const all = [sighting('5', false, null), sighting('4', false, null), sighting('3', true, 'aa'), sighting('2', true, 'bb'), sighting('1', true, 'bb')];
  expect(stretchesOf(all).map(({ up, from, to, scans, mac }) => [up, from, to, scans, mac])).toEqual([
    [false, '4', '5', 2, null],
    [true, '3', '3', 1, 'aa'],
    [true, '1', '2', 2, 'bb'],
  ]);
});
