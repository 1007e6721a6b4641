import { flushSync } from 'svelte';
import { afterEach, describe, expect, it } from 'vitest';

import { use, type Addresses, type SnapshotDocument } from '../host';
import { FakeAgent, optionsOf } from '../host/fake';
import { addressesOf, forgetAddresses, revisionsOf } from './addresses.svelte';
import type { Query } from './query.svelte';

const fake = (query: string) => new FakeAgent(optionsOf(new URLSearchParams(query)));

afterEach(() => forgetAddresses());

describe('addresses', () => {
  it('are read once for two views, and both are told what comes ahead', async () => {
    const agent = fake('frozen');
    let ahead: (some: Addresses) => void = () => {};
    let asked = 0;
    use(
      Object.assign(agent, {
        addresses: (_: number, tell: (some: Addresses) => void) => {
          asked += 1;
          ahead = tell;
          return new Promise<Addresses>(() => {});
        },
      }),
    );
    const some: Addresses = { subnet: 101, fetched_at: null, stale: false, addresses: [], told: 0 };
    const views: Query<Addresses>[] = [];
    const end = $effect.root(() => {
      views.push(addressesOf(() => 101));
    });
    flushSync();
    ahead(some);
    const endLater = $effect.root(() => {
      views.push(addressesOf(() => 101));
    });
    flushSync();
    expect(asked).toBe(1);
    expect(views.map(({ data }) => data)).toEqual([some, some]);
    end();
    endLater();
  });

  it('are read again when they changed, but during a run only for the subnet’s own scan', async () => {
    const snapshot = await fake('frozen').snapshot();
    const running = (await fake('frozen&state=running').snapshot()).run;
    const at = (addresses: number, run: SnapshotDocument['run'], finished_at = '2026-03-12T13:00:00Z'): SnapshotDocument => ({
      ...snapshot,
      run,
      lists: { ...snapshot.lists, addresses },
      subnets: snapshot.subnets.map((subnet) => ({ ...subnet, last_scan: subnet.last_scan && { ...subnet.last_scan, finished_at } })),
    });
    const revision = revisionsOf();
    expect(revision(at(1, null), 101)).toBe(1);
    expect(revision(at(2, null), 101), 'phpIPAM was read anew').toBe(2);
    expect(revision(at(3, running), 101), 'another subnet is done').toBe(2);
    expect(revision(at(4, running, '2026-03-12T13:20:00Z'), 101), 'this one is done').toBe(4);
    expect(revision(at(6, running, '2026-03-12T13:20:00Z'), 101)).toBe(4);
    expect(revision(at(6, null, '2026-03-12T13:20:00Z'), 101), 'and at the end nothing is missed').toBe(6);
  });
});
