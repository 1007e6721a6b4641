import { fireEvent, render } from '@testing-library/svelte';
import { expect, it } from 'vitest';

import HostsOverTime from './HostsOverTime.svelte';

it('keeps the words of a day while the pointer is on them, until Escape', async () => {
  const { container } = render(HostsOverTime, { scans: [], now: Date.parse('2026-03-12T12:00:00Z') });
  const tip = () => container.querySelector('.tip');
  await fireEvent.pointerMove(container.querySelector('[data-day="3"] rect')!);
  const words = tip()?.textContent;
  expect(words).toContain('no scan');
  await fireEvent.pointerMove(tip()!);
  expect(tip()?.textContent).toBe(words);
  await fireEvent.keyDown(document.body, { key: 'Escape' });
  expect(tip(), 'the keyboard is elsewhere').toBeNull();
});
