import { render, screen } from '@testing-library/svelte';
import { afterEach, expect, it } from 'vitest';

import { speak } from '../i18n/index.svelte';
import TestStep from './TestStep.svelte';

afterEach(() => speak('en'));

it('a German window says in German what a step found', () => {
  speak('de');
  const step = { id: 'settings', title: 'Settings', outcome: 'ok', detail: 'all that is needed is set', found: { code: 'complete' } } as const;
  render(TestStep, { id: 'settings', step, running: false });
  expect(screen.getByText('Alles Nötige ist gesetzt')).toBeTruthy();
  expect(screen.queryByText('all that is needed is set')).toBeNull();
});

it('what the window has no words for is said as the agent says it', () => {
  speak('de');
  const step = { id: 'clock', title: 'Clock', outcome: 'ok', detail: 'newer than the window', found: { code: 'from-the-future' } as never } as const;
  render(TestStep, { id: 'clock', step, running: false });
  expect(screen.getByText('newer than the window')).toBeTruthy();
});
