import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import App from './App.svelte';
import { use } from './host';
import { FakeAgent, optionsOf } from './host/fake';
import { agent } from './state/agent.svelte';
import { refusals } from './state/commands.svelte';

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

describe('the keyboard', () => {
  const press = async (button: HTMLElement) => {
    button.focus();
    await fireEvent.click(button);
  };

  it('goes from one refusal that is dismissed to the next, and then to the heading of the page', async () => {
    for (const code of ['one', 'two']) refusals.add({ code, what: `${code}.`, remedy: '' });
    render(App);
    await screen.findByText(/known hosts are up/);
    const [first, second] = screen.getAllByRole('button', { name: 'Dismiss' });
    await press(first!);
    await waitFor(() => expect(document.activeElement).toBe(second));
    await press(second!);
    await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('heading', { level: 1 })));
  });

  it('goes to the page when phpIPAM can be reached again', async () => {
    location.hash = '#/history';
    const fake = new FakeAgent(optionsOf(new URLSearchParams('frozen&state=offline')));
    use(fake);
    agent.snapshot = null;
    render(App);
    const button = await screen.findByRole('button', { name: 'Try again' });
    button.focus();
    const snapshot = await fake.snapshot();
    agent.take({ ...snapshot, revision: snapshot.revision + 1, ipam: { ...snapshot.ipam, offline: false } });
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull());
    await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('main')));
  });
});
