import { fireEvent, render, screen, within } from '@testing-library/svelte';
import { expect, it, vi } from 'vitest';

import { Hosts } from '../../state/hosts';
import { networkCellsOf, usedNetworks } from '../../state/map';
import { ipv4Network } from '../../state/network';
import { address } from '../../state/sample';
import NetworkList from './NetworkList.svelte';

const whole = ipv4Network('10.0.0.0/8')!;
function show(rows: Parameters<typeof address>[]) {
  const hosts = new Hosts(rows.map((row) => address(...row)));
  const onopen = vi.fn();
  render(NetworkList, { cells: networkCellsOf(hosts, usedNetworks(hosts, whole, 16)), selected: null, onopen });
  return onopen;
}

it('leads into each network that phpIPAM has addresses in, also before the first scan', async () => {
  const onopen = show([['10.40.0.1', null], ['10.41.0.1', 'excluded']]);
  await fireEvent.click(screen.getByRole('button', { name: '10.40.0.0/16' }));
  expect(onopen).toHaveBeenLastCalledWith('10.40.0.0/16');
  expect(screen.getByRole('button', { name: '10.41.0.0/16' })).toBeTruthy();
});

it('says why there is none to list', () => {
  show([]);
  expect(screen.getByRole('region', { name: 'Networks' }).textContent?.trim()).toBe('phpIPAM has no address in these networks, and no scan has seen a host in them.');
});

it('has a column for what needs a look only where something does', () => {
  show([['10.40.0.1', 'known'], ['10.41.0.1', 'unknown']]);
  const heads = screen.getAllByRole('table').map((table) => within(table).getAllByRole('columnheader').map((head) => head.textContent));
  expect(heads).toEqual([
    ['Network', 'Known up', 'Needs a look'],
    ['Network', 'Known up'],
  ]);
});
