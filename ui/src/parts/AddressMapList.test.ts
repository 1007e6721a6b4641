import { fireEvent, render, screen } from '@testing-library/svelte';
import { expect, it, vi } from 'vitest';

import { Hosts } from '../state/hosts';
import { address } from '../state/sample';
import AddressMapList from './AddressMapList.svelte';

it('leaves keys of the window and the system alone', async () => {
  const calls = { onselect: vi.fn(), onopen: vi.fn() };
  render(AddressMapList, { hosts: new Hosts([address('fd00:20::1', 'known'), address('fd00:20::2', 'known')]), network: 'fd00:20::/64', selected: null, ...calls });
  const first = screen.getByRole('option', { name: /^fd00:20::1,/ });
  const left = [
    await fireEvent.keyDown(first, { key: 'Enter', ctrlKey: true }),
    await fireEvent.keyDown(first, { key: 'Enter', metaKey: true }),
    await fireEvent.keyDown(first, { key: 'ArrowLeft', altKey: true }),
  ];
  expect(left, 'whoever wants them gets them').toEqual([true, true, true]);
  expect([calls.onselect, calls.onopen].flatMap((call) => call.mock.calls)).toEqual([]);
  await fireEvent.keyDown(first, { key: 'ArrowRight' });
  expect(calls.onselect).toHaveBeenLastCalledWith('fd00:20::2');
});
