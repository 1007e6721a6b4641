import { fireEvent, render, screen } from '@testing-library/svelte';
import { tick } from 'svelte';
import { expect, it } from 'vitest';

import Switch from './Switch.svelte';

const control = () => screen.getByRole('switch') as HTMLInputElement;

it('shows what is so, not what was asked for', async () => {
  const asked: boolean[] = [];
  const { rerender } = render(Switch, { on: false, label: 'Autostart', onchange: (on: boolean) => asked.push(on) });
  await fireEvent.click(control());
  await tick();
  expect(asked).toEqual([true]);
  expect(control().checked, 'nothing was switched on').toBe(false);
  await rerender({ on: true });
  expect(control().checked).toBe(true);
  await fireEvent.click(control());
  await tick();
  expect([asked, control().checked]).toEqual([[true, false], true]);
});
