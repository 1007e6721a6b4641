import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

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

describe('what is rarely needed', () => {
  const details = () => screen.getByText('Rarely needed').closest('details') as HTMLDetailsElement;
  const wrong = async () => {
    draft.set('ca_file', 'ca.pem');
    await draft.check();
    await tick();
  };

  it('opens for a mistake in it, and not closes under whoever corrects it', async () => {
    await open();
    expect(details().open).toBe(false);
    await wrong();
    expect(details().open, 'the mistake is in view').toBe(true);
    await fireEvent.input(screen.getByRole('textbox', { name: 'Certificate file' }), { target: { value: '/ca.pem' } });
    expect(details().open, 'the field that is typed in stays').toBe(true);
  });

  it('is open if any of it is set', async () => {
    const fake = new FakeAgent(optionsOf(new URLSearchParams('frozen')));
    await fake.applySettings([{ key: 'ipam_time_zone', value: 'Europe/Vienna' }]);
    await open({ settings: () => fake.settings() });
    expect(details().open).toBe(true);
  });

  it('stays closed once a person has closed it', async () => {
    await open();
    await wrong();
    details().open = false;
    details().dispatchEvent(new Event('toggle'));
    await fireEvent.input(screen.getByRole('textbox', { name: 'App id' }), { target: { value: 'other' } });
    await draft.check();
    await tick();
    expect(details().open).toBe(false);
  });
});
