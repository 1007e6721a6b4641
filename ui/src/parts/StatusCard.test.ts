import { render, screen } from '@testing-library/svelte';
import { tick } from 'svelte';
import { expect, it } from 'vitest';

import { use } from '../host';
import { FakeAgent, optionsOf } from '../host/fake';
import { agent } from '../state/agent.svelte';
import { icons } from './icons';
import StatusCard from './StatusCard.svelte';

async function site(query: string): Promise<FakeAgent> {
  const fake = new FakeAgent(optionsOf(new URLSearchParams(`frozen&${query}`)));
  use(fake);
  agent.snapshot = null;
  agent.take(await fake.snapshot());
  return fake;
}

it('keeps the keyboard while its button changes', async () => {
  const fake = await site('');
  render(StatusCard);
  const button = (name: string) => screen.getByRole('button', { name });
  const press = async (name: string) => {
    button(name).focus();
    button(name).click();
    agent.take(await fake.snapshot());
    await tick();
    await tick();
  };
  await press('Scan now');
  expect(document.activeElement).toBe(button('Stop'));
  await press('Stop');
  expect(document.activeElement, 'also while the scan is being stopped').toBe(button('Stop'));
  agent.take({ ...agent.snapshot!, revision: agent.snapshot!.revision + 1, run: null });
  await tick();
  await tick();
  expect(document.activeElement).toBe(button('Scan now'));
});

it('resumes with the sign of going on', async () => {
  await site('state=paused');
  render(StatusCard);
  expect(screen.getByRole('button', { name: 'Resume' }).querySelector('path')?.getAttribute('d')).toBe(icons.play);
});
