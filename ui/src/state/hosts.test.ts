import { describe, expect, it } from 'vitest';

import { Hosts, list, termsOf, type Wanted } from './hosts';
import { ipv4Network } from './network';
import { address } from './sample';

const site = new Hosts([
  address('10.20.0.1', 'known', { name: 'gw-depot', mac: '00:1b:54:aa:01:10', vendor: 'Cisco Systems', rtt: 3 }),
  address('10.20.0.2', 'known', { name: 'pc-10', mac: 'f8:bc:12:00:00:02', vendor: 'Dell', description: 'Accounts, desk 2', rtt: 1 }),
  address('10.20.0.3', 'mismatch', { name: 'pc-2', mac: '80:5e:c0:2b:77:d4', vendor: 'Yealink' }),
  address('10.20.0.9', 'excluded'),
  address('10.20.0.44', 'missing', { name: 'Müller', misses: 3 }),
  address('10.20.0.118', 'unknown', { mac: '24:0a:c4:8e:51:07', vendor: 'Espressif' }),
  address('10.20.0.200', 'unseen', { name: 'laptop', misses: 1 }),
]);

const wanted = (part: Partial<Wanted> = {}): Wanted => ({ needle: '', standing: null, sort: { by: 'address', down: false }, inside: null, ...part });
const ips = (part: Partial<Wanted> = {}) => Array.from(list(site, wanted(part)).rows, (row) => site.row(row).ip.split('.').at(-1));

describe('the list of hosts', () => {
  it('has those that need a look first, then each group in the order of addresses', () => {
    expect(ips()).toEqual(['118', '44', '3', '1', '2', '200', '9']);
    expect(list(site, wanted()).groups).toEqual([
      { group: 'look', count: 3 },
      { group: 'documented', count: 2 },
      { group: 'unseen', count: 1 },
      { group: 'excluded', count: 1 },
    ]);
  });

  it('counts what matches by standing, also what the filter hides', () => {
    const listing = list(site, wanted({ standing: 'known', needle: '10.20.0' }));
    expect(Array.from(listing.rows, (row) => site.row(row).ip)).toEqual(['10.20.0.1', '10.20.0.2']);
    expect([listing.counts.unknown, listing.counts.missing, listing.counts.known, listing.all]).toEqual([1, 1, 2, 7]);
    expect(listing.groups).toEqual([{ group: 'documented', count: 2 }]);
  });

  it('sorts within the groups, numbers in names by their value, and what is empty last', () => {
    const names = new Hosts([address('10.0.0.1', 'known', { name: 'pc-10' }), address('10.0.0.2', 'known', { name: 'PC-2' }), address('10.0.0.3', 'known'), address('10.0.0.4', 'known', { name: 'ap-1' })]);
    const order = (down: boolean) => Array.from(list(names, wanted({ sort: { by: 'name', down } })).rows, (row) => names.row(row).ip.at(-1));
    expect(order(false)).toEqual(['4', '2', '1', '3']);
    expect(order(true), 'downwards, too').toEqual(['1', '2', '4', '3']);
    expect(ips({ sort: { by: 'rtt', down: false }, standing: 'known' })).toEqual(['2', '1']);
  });

  it('has what no scan has tried before what none will', () => {
    const fresh = new Hosts([address('10.0.0.1', 'excluded'), address('10.0.0.2', null)]);
    const { rows, groups } = list(fresh, wanted());
    expect(Array.from(rows, (row) => fresh.row(row).ip)).toEqual(['10.0.0.2', '10.0.0.1']);
    expect(groups).toEqual([
      { group: 'unscanned', count: 1 },
      { group: 'excluded', count: 1 },
    ]);
    expect([fresh.standing(0), fresh.standing(1)]).toEqual(['excluded', 'unscanned']);
  });

  it('has the slowest first when it is turned round, and what never answered last', () => {
    const times = new Hosts([address('10.0.0.1', 'known'), address('10.0.0.2', 'known', { rtt: 3 }), address('10.0.0.3', 'known', { rtt: 9 })]);
    expect(Array.from(list(times, wanted({ sort: { by: 'rtt', down: true } })).rows, (row) => times.row(row).ip.at(-1))).toEqual(['3', '2', '1']);
  });

  it('keeps to a network that was drilled into', () => {
    expect(ips({ inside: ipv4Network('10.20.0.0/29') })).toEqual(['3', '1', '2']);
  });

  it('is in the order of addresses even if it comes otherwise', () => {
    const mixed = new Hosts([address('10.0.0.9', 'known'), address('10.0.0.10', 'known'), address('10.0.0.2', 'known')]);
    expect(Array.from(list(mixed, wanted()).rows, (row) => mixed.row(row).ip)).toEqual(['10.0.0.2', '10.0.0.9', '10.0.0.10']);
    expect([mixed.find('10.0.0.10'), mixed.find('10.0.0.3')]).toEqual([1, -1]);
  });
});

describe('the search', () => {
  it.each([
    ['.118', ['118']],
    ['gw-DEPOT', ['1']],
    ['müller', ['44']],
    ['yealink', ['3']],
    ['desk 2', ['2']],
    ['dell accounts', ['2']],
    ['24:0a:c4', ['118']],
    ['24-0A-C4-8E', ['118']],
    ['240a.c48e.5107', ['118']],
    ['240ac48e', ['118']],
    ['nothing', []],
    ['   ', ['118', '44', '3', '1', '2', '200', '9']],
  ])('finds %j', (needle, found) => expect(ips({ needle })).toEqual(found));

  it('does not take an address for a MAC', () => {
    expect(termsOf('10.20.0.44')).toEqual([{ text: '10.20.0.44', mac: null }]);
  });

  it('takes what is typed as text, not as a pattern', () => {
    expect(ips({ needle: '.*' })).toEqual([]);
    expect(ips({ needle: '(' })).toEqual([]);
  });

  it('reads only the beginning of a field without end', () => {
    const hostile = new Hosts([address('10.0.0.1', 'known', { description: `start ${'x'.repeat(10_000)} end` })]);
    expect(list(hostile, wanted({ needle: 'start' })).rows).toHaveLength(1);
    expect(list(hostile, wanted({ needle: 'end' })).rows).toHaveLength(0);
  });

  it('can be prepared in slices', () => {
    const many = new Hosts(Array.from({ length: 10 }, (_, index) => address(`10.0.0.${index}`, 'known')));
    expect([many.prepare(4), many.prepare(4), many.prepare(4), many.prepare(4)]).toEqual([false, false, true, true]);
  });
});

it('lists IPv6 hosts in the order in which they come', () => {
  const six = new Hosts([address('fd00:20::1', 'known'), address('fd00:20::10', 'known'), address('fd00:20::a', 'missing', { misses: 2 })]);
  expect(Array.from(list(six, wanted()).rows, (row) => six.row(row).ip)).toEqual(['fd00:20::a', 'fd00:20::1', 'fd00:20::10']);
  expect(six.find('fd00:20::10')).toBe(1);
});
