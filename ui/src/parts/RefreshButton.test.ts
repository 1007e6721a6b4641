import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, expect, it } from 'vitest';

import { use } from '../host';
import { FakeAgent, optionsOf } from '../host/fake';
import { agent } from '../state/agent.svelte';
import { refusals } from '../state/commands.svelte';
import RefreshButton from './RefreshButton.svelte';

let stop = () => {};
afterEach(() => {
  stop();
  agent.snapshot = null;
  refusals.all = [];
});

async function open(query: string, others: object = {}, online = false): Promise<HTMLElement> {
  use(Object.assign(new FakeAgent(optionsOf(new URLSearchParams(query))), others));
  stop = agent.connect();
  await waitFor(() => expect(agent.snapshot).not.toBeNull());
  render(RefreshButton, { words: 'Refresh now', online });
  return screen.getByRole('button');
}

it('shows that phpIPAM is asked until it has answered, which is after the agent has', async () => {
  const button = await open('frozen&speed=10');
  await fireEvent.click(button);
  await waitFor(() => expect(button.textContent).toContain('Refreshing…'));
  expect(button.getAttribute('aria-disabled')).toBe('true');
  await waitFor(() => expect(button.textContent).not.toContain('Refreshing…'));
  expect(button.getAttribute('aria-disabled')).toBeNull();
});

it('ends when phpIPAM can’t be reached', async () => {
  const button = await open('frozen&speed=10&state=offline');
  await fireEvent.click(button);
  await waitFor(() => expect(button.textContent).toContain('Refreshing…'));
  await waitFor(() => expect(button.textContent).not.toContain('Refreshing…'));
});

it('tells a refusal', async () => {
  const button = await open('frozen', { refresh: () => Promise.reject({ code: 'x', what: 'No.', remedy: 'No.' }) });
  await fireEvent.click(button);
  await waitFor(() => expect(refusals.all).toHaveLength(1));
  expect(button.textContent).toContain('Refresh now');
});

it('is off without phpIPAM where nothing else could come of it', async () => {
  const button = await open('frozen&state=offline', {}, true);
  expect(button.getAttribute('aria-disabled')).toBe('true');
  expect(button.textContent).toContain('Needs phpIPAM');
});
