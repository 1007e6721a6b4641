import { fireEvent, render, screen } from '@testing-library/svelte';
import { beforeEach, expect, it, vi } from 'vitest';

import App from './App.svelte';
import { use } from './host';
import { FakeAgent, optionsOf } from './host/fake';

vi.mock('./views/notices/Notices.svelte', () => ({
  default: () => {
    throw new Error('a page that fails');
  },
}));

beforeEach(() => {
  location.hash = '#/overview';
  use(new FakeAgent(optionsOf(new URLSearchParams('frozen'))));
});

it('says where a page fails, and leads to the others all the same', async () => {
  render(App);
  await screen.findByText(/known hosts are up/);
  await fireEvent.click(screen.getByRole('link', { name: /^Notices/ }));
  await screen.findByText('Something inside Fieldscan failed.');
  expect(screen.getByText('a page that fails')).toBeTruthy();
  await fireEvent.click(screen.getByRole('link', { name: /^Reports/ }));
  await screen.findByRole('heading', { name: 'Reports' });
  expect(screen.queryByText('Something inside Fieldscan failed.')).toBeNull();
});
