import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { use } from '../../host';
import { FakeAgent, optionsOf } from '../../host/fake';
import { refusals } from '../../state/commands.svelte';
import { draft } from '../../state/draft.svelte';
import Form from './Form.svelte';

beforeEach(() => vi.stubGlobal('IntersectionObserver', class { observe() {} disconnect() {} }));
afterEach(() => {
  draft.forget();
  refusals.all = [];
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
