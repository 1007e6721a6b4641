// The settings on an agent of their own, for tests.

import { render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, vi } from 'vitest';

import { use, type Host } from '../../host';
import { refusals } from '../../state/commands.svelte';
import { draft } from '../../state/draft.svelte';
import Settings from './Settings.svelte';

/** Before each test of a file comes a new agent; afterwards nothing is left of the test. */
export function bench<Agent extends Host>(make: () => Agent): { agent: Agent } {
  const its = { agent: make() };
  beforeEach(() => {
    its.agent = make();
    use(its.agent);
    vi.stubGlobal('IntersectionObserver', class { observe() {} disconnect() {} });
  });
  afterEach(() => {
    draft.forget();
    refusals.all = [];
    vi.unstubAllGlobals();
  });
  return its;
}

/** Opens the settings; gives the field of the port. */
export async function open(): Promise<HTMLInputElement> {
  render(Settings, { section: null });
  return screen.findByRole<HTMLInputElement>('textbox', { name: 'Port' });
}
