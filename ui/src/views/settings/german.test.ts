import { fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { use } from '../../host';
import { FakeAgent, optionsOf } from '../../host/fake';
import { speak } from '../../i18n/index.svelte';
import { draft } from '../../state/draft.svelte';
import Settings from './Settings.svelte';

let agent: FakeAgent;
beforeEach(() => {
  agent = new FakeAgent(optionsOf(new URLSearchParams('frozen&speed=1000')));
  use(agent);
  vi.stubGlobal('IntersectionObserver', class { observe() {} disconnect() {} });
  speak('de');
});
afterEach(() => {
  draft.forget();
  vi.unstubAllGlobals();
  speak('en');
});

it('a German window says in German what a setting expects', async () => {
  render(Settings, { section: null });
  const port = (await screen.findByRole('textbox', { name: 'Port' })) as HTMLInputElement;
  await fireEvent.input(port, { target: { value: '84340' } });
  expect(await screen.findByText('Erwartet: ein Port von 1 bis 65535.')).toBeTruthy();
});

it('and what a setting is where nobody sets it', async () => {
  render(Settings, { section: null });
  const battery = (await screen.findByRole('textbox', { name: 'Im Akkubetrieb' })) as HTMLInputElement;
  expect(battery.placeholder).toBe('Standard: 20');
});

it('and what is remarked on the settings file', async () => {
  await agent.importSettings('http_port: 8443\nfoo: 1\n');
  render(Settings, { section: null });
  expect(await screen.findByText('Zeile 2: foo ist hier unbekannt und wird nicht verwendet.')).toBeTruthy();
});
