import { fireEvent, render, screen } from '@testing-library/svelte';
import { expect, it } from 'vitest';

import { use } from '../../host';
import { FakeAgent, optionsOf } from '../../host/fake';
import AddressStory from './AddressStory.svelte';

const open = async (query: string, ip: string, tried: boolean) => {
  use(new FakeAgent(optionsOf(new URLSearchParams(`frozen&${query}`))));
  render(AddressStory, { subnet: 101, ip, tried });
  await fireEvent.click(screen.getByRole('button', { name: 'History' }));
};

it('tells when an address was seen, and since when it is not', async () => {
  await open('', '10.20.0.44', true);
  const lines = await screen.findByRole('list', { name: 'History' });
  expect(lines.textContent).toContain('Not seen');
  expect(lines.textContent).toContain('Seen');
});

it('does not say that no scan has tried what no scan has seen', async () => {
  await open('state=never-scanned', '10.20.0.44', true);
  expect(await screen.findByText('No scan has seen this address yet.')).toBeTruthy();
});

it('says what no scan has tried', async () => {
  await open('state=never-scanned', '10.20.0.44', false);
  expect(await screen.findByText('No scan has tried this address yet.')).toBeTruthy();
});
