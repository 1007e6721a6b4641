import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { use } from '../../host';
import { FakeAgent, optionsOf } from '../../host/fake';
import { agent } from '../../state/agent.svelte';
import { refusals } from '../../state/commands.svelte';
import { draft } from '../../state/draft.svelte';
import Form from './Form.svelte';

beforeEach(() => vi.stubGlobal('IntersectionObserver', class { observe() {} disconnect() {} }));
afterEach(() => {
  draft.forget();
  refusals.all = [];
  agent.snapshot = null;
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function open(others: object = {}): Promise<FakeAgent> {
  const fake = new FakeAgent(optionsOf(new URLSearchParams('frozen')));
  use(Object.assign(Object.create(fake), others));
  await draft.load();
  render(Form);
  return fake;
}

it('shows whether it starts by itself, also after a change was refused', async () => {
  await open({ setAutostart: () => Promise.reject({ code: 'autostart', what: 'The folder can’t be written.', remedy: 'Look at it.' }) });
  const control = (await screen.findByRole('switch', { name: 'Start when I log in, in the tray' })) as HTMLInputElement;
  expect(control.checked).toBe(true);
  await fireEvent.click(control);
  await waitFor(() => expect(refusals.all.map((one) => one.refusal.code)).toEqual(['autostart']));
  expect(control.checked, 'it still starts by itself').toBe(true);
});

describe('to refresh', () => {
  async function ask(others: object = {}): Promise<void> {
    const fake = await open({ refresh: async () => {}, ...others });
    agent.snapshot = await fake.snapshot();
    await tick();
    await fireEvent.click(screen.getByRole('button', { name: 'Refresh now' }));
    await tick();
  }
  const tell = async (ipam: object) => {
    if (agent.snapshot) agent.snapshot = { ...agent.snapshot, ipam: { ...agent.snapshot.ipam, ...ipam } };
    await tick();
  };
  const goesOn = () => screen.queryByRole('button', { name: 'Refreshing…' }) !== null;

  it('goes on until phpIPAM has answered, which is after the agent has', async () => {
    await ask();
    expect(goesOn()).toBe(true);
    await tell({ stale: false });
    expect(goesOn(), 'another snapshot is no answer').toBe(true);
    await tell({ fetched_at: '2026-03-12T13:12:30Z' });
    expect(goesOn()).toBe(false);
  });

  it('ends when phpIPAM can’t be reached', async () => {
    await ask();
    await tell({ offline: true });
    expect(goesOn()).toBe(false);
  });

  it('ends when the agent refuses', async () => {
    await ask({ refresh: () => Promise.reject({ code: 'x', what: 'No.', remedy: 'No.' }) });
    await waitFor(() => expect(goesOn()).toBe(false));
    expect(refusals.all).toHaveLength(1);
  });

  it('does not go on forever', async () => {
    vi.useFakeTimers();
    await ask();
    expect(goesOn()).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    await tick();
    expect(goesOn()).toBe(false);
  });
});
