import { fireEvent, render, screen } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';

import { Hosts } from '../state/hosts';
import { ipv4Network } from '../state/network';
import { address } from '../state/sample';
import AddressMap from './AddressMap.svelte';

const network = ipv4Network('10.20.0.0/24')!;
const hosts = new Hosts([address('10.20.0.1', 'known'), address('10.20.0.44', 'missing', { misses: 3 }), address('10.20.0.118', 'unknown')]);

function show(selected: string | null) {
  const calls = { onselect: vi.fn(), onopen: vi.fn(), onback: vi.fn() };
  render(AddressMap, { hosts, whole: network, blocks: [network], selected, ...calls });
  return calls;
}

it('names each cell by its address, standing and misses', () => {
  show(null);
  expect(screen.getAllByRole('gridcell')).toHaveLength(256);
  for (const name of ['10.20.0.0, Reserved', '10.20.0.1, Known', '10.20.0.44, Missing, 3 misses', '10.20.0.118, Unknown', '10.20.0.119, Free']) expect(screen.getByRole('gridcell', { name })).toBeTruthy();
  expect(screen.getAllByRole('row')).toHaveLength(16);
});

it('has one tab stop, on the selected cell', () => {
  show('10.20.0.44');
  const stops = screen.getAllByRole('gridcell').filter((cell) => cell.tabIndex === 0);
  expect(stops.map((cell) => cell.getAttribute('aria-label'))).toEqual(['10.20.0.44, Missing, 3 misses']);
  expect(stops[0]?.getAttribute('aria-selected')).toBe('true');
});

it('moves with the arrows, opens with Enter, goes back with Backspace', async () => {
  const calls = show('10.20.0.44');
  const cell = screen.getByRole('gridcell', { name: /^10\.20\.0\.44,/ });
  await fireEvent.keyDown(cell, { key: 'ArrowDown' });
  expect(calls.onselect).toHaveBeenLastCalledWith('10.20.0.60');
  expect(document.activeElement?.getAttribute('aria-label')).toBe('10.20.0.60, Free');
  await fireEvent.keyDown(cell, { key: 'Enter' });
  expect(calls.onopen).toHaveBeenLastCalledWith('10.20.0.44');
  await fireEvent.keyDown(cell, { key: 'Backspace' });
  expect(calls.onback).toHaveBeenCalledOnce();
});

it('leaves keys of the window alone', async () => {
  const calls = show('10.20.0.44');
  const cell = screen.getByRole('gridcell', { name: /^10\.20\.0\.44,/ });
  await fireEvent.keyDown(cell, { key: 'Enter', ctrlKey: true });
  await fireEvent.keyDown(cell, { key: 'c' });
  expect([calls.onselect, calls.onopen].flatMap((call) => call.mock.calls)).toEqual([]);
});

describe('the words at the pointer', () => {
  const tip = () => document.querySelector<HTMLElement>('.tip');
  const cellOf = (ip: string) => screen.getByRole('gridcell', { name: new RegExp(`^${ip.replaceAll('.', '\\.')},`) });

  it('stay while it is moved onto them, and follow it to another cell', async () => {
    show(null);
    await fireEvent.pointerMove(cellOf('10.20.0.44'));
    await fireEvent.pointerLeave(screen.getByRole('grid'), { relatedTarget: tip() });
    expect(tip()?.textContent).toContain('10.20.0.44');
    await fireEvent.pointerLeave(tip()!, { relatedTarget: cellOf('10.20.0.60') });
    await fireEvent.pointerMove(cellOf('10.20.0.60'));
    expect(tip()?.textContent).toContain('10.20.0.60');
    await fireEvent.pointerLeave(tip()!, { relatedTarget: document.body });
    expect(tip()).toBeNull();
  });

  it('go by Escape wherever the keyboard is, and nothing else does', async () => {
    show(null);
    const others = vi.fn();
    document.body.addEventListener('keydown', others);
    await fireEvent.pointerMove(cellOf('10.20.0.44'));
    await fireEvent.keyDown(document.body, { key: 'Escape' });
    expect(tip()).toBeNull();
    expect(others).not.toHaveBeenCalled();
    await fireEvent.keyDown(document.body, { key: 'Escape' });
    expect(others, 'without them, Escape is for others').toHaveBeenCalledOnce();
    document.body.removeEventListener('keydown', others);
    await fireEvent.pointerMove(cellOf('10.20.0.44'));
    expect(tip(), 'they stay away from that cell').toBeNull();
    await fireEvent.pointerMove(cellOf('10.20.0.60'));
    expect(tip()?.textContent).toContain('10.20.0.60');
    await fireEvent.pointerMove(cellOf('10.20.0.44'));
    expect(tip()?.textContent, 'until the pointer has been elsewhere').toContain('10.20.0.44');
  });
});
