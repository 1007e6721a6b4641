import { fireEvent, render, screen, within } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { Hosts } from '../state/hosts';
import { address } from '../state/sample';
import HostTable from './HostTable.svelte';
import HostTableHead from './HostTableHead.svelte';

const hosts = new Hosts([address('10.20.0.1', 'known', { name: 'gw-depot', mac: '00:1b:54:aa:01:10', vendor: 'Cisco Systems' }), address('10.20.0.2', 'known', { name: 'pc-10' })]);
const show = () => render(HostTable, { hosts, selected: null, onselect: vi.fn() });

afterEach(() => localStorage.clear());

describe('a head of two columns', () => {
  const columns = [['address', 'standing'], ['mac', 'vendor']] as const;

  it('shows that the table is sorted by the second, and turns that round', async () => {
    const onsort = vi.fn();
    render(HostTableHead, { columns, sort: { by: 'vendor', down: true }, onsort });
    const head = screen.getByRole('columnheader', { name: /^MAC, vendor/ });
    expect(head.getAttribute('aria-sort')).toBe('descending');
    expect(head.querySelector('svg'), 'an arrow').not.toBeNull();
    await fireEvent.click(within(head).getByRole('button'));
    expect(onsort).toHaveBeenLastCalledWith('vendor');
  });

  it('sorts by the first otherwise', async () => {
    const onsort = vi.fn();
    render(HostTableHead, { columns, sort: { by: 'address', down: false }, onsort });
    const head = screen.getByRole('columnheader', { name: /^MAC, vendor/ });
    expect(head.getAttribute('aria-sort')).toBeNull();
    await fireEvent.click(within(head).getByRole('button'));
    expect(onsort).toHaveBeenLastCalledWith('mac');
  });
});

it('is sorted by address again when the column that it was sorted by is hidden', async () => {
  show();
  await fireEvent.click(screen.getByRole('button', { name: 'Columns' }));
  await fireEvent.click(screen.getByRole('radio', { name: 'Vendor' }));
  expect(screen.getByRole('columnheader', { name: /^MAC, vendor/ }).getAttribute('aria-sort')).toBe('ascending');
  await fireEvent.click(screen.getByRole('checkbox', { name: 'Vendor' }));
  expect(screen.getByRole('columnheader', { name: /^MAC/ }).getAttribute('aria-sort')).toBeNull();
  expect(screen.getByRole('columnheader', { name: /^Address/ }).getAttribute('aria-sort')).toBe('ascending');
});
