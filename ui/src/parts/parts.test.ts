import { fireEvent, render, screen } from '@testing-library/svelte';
import { createRawSnippet } from 'svelte';
import { describe, expect, it, vi } from 'vitest';

import type { AddressDocument, Standing } from '../host';
import { speak } from '../i18n/index.svelte';
import Banner from './Banner.svelte';
import Button from './Button.svelte';
import CopyButton from './CopyButton.svelte';
import Failed from './Failed.svelte';
import Mark from './Mark.svelte';
import { draw } from './minimap';
import MiniMap from './MiniMap.svelte';
import Outcome from './Outcome.svelte';
import ProgressBar from './ProgressBar.svelte';
import RichText from './RichText.svelte';
import Said from './Said.svelte';
import Segmented from './Segmented.svelte';
import TestStep from './TestStep.svelte';

const words = (text: string) => createRawSnippet(() => ({ render: () => `<span>${text}</span>` }));

const address = (ip: string, standing: Standing | null, up = true): AddressDocument => ({
  ip,
  subnet: 1,
  standing,
  ipam: null,
  seen: { up, hostname: null, ptr: null, mac: null, mac_random: false, other_macs: [], vendor: null, rtt_ms: null, seen_by: 'arp-response', first_at: '', last_at: '', scan: 1 },
});

describe('what is said aloud', () => {
  it('does not change with the clock where nothing else happened', () => {
    const { container } = render(Banner, { announced: 'phpIPAM can’t be reached', children: words('phpIPAM can’t be reached – data is 5 s old') });
    expect([...container.querySelectorAll('[role=status], [role=alert]')].map((one) => one.textContent)).toEqual(['phpIPAM can’t be reached']);
  });

  it('is in the language of the window where something could not be read', () => {
    speak('de');
    render(Failed, { refusal: { code: 'store-failing', what: 'The database can’t be read or written.', remedy: 'Check the disk.' } });
    speak('en');
    expect(screen.queryByText(/can’t be read/)).toBeNull();
    expect(screen.getByText(/Datenbank/)).toBeTruthy();
  });
});

describe('a copy button', () => {
  it('falls back where the clipboard is refused, and says so where that fails, too', async () => {
    vi.stubGlobal('navigator', { ...navigator, clipboard: { writeText: () => Promise.reject(new Error('not allowed')) } });
    const old = vi.fn(() => true);
    document.execCommand = old;
    render(CopyButton, { text: 'sudo fieldscan grant' });
    await fireEvent.click(screen.getByRole('button', { name: 'Copy' }));
    await screen.findByRole('button', { name: 'Copied' });
    old.mockReturnValue(false);
    await fireEvent.click(screen.getByRole('button', { name: 'Copied' }));
    await screen.findByRole('button', { name: 'The clipboard can’t be used.' });
    vi.unstubAllGlobals();
  });
});

describe('hostile words', () => {
  const EVIL = '<img src=x onerror="document.title=1"> & `code`';

  it('are text, whatever they look like', () => {
    const { container } = render(RichText, { text: EVIL });
    expect(container.querySelector('img')).toBeNull();
    expect(container.textContent).toBe('<img src=x onerror="document.title=1"> & code');
    expect(container.querySelector('code')?.textContent).toBe('code');
  });

  it('of a server are quoted as they came', () => {
    const { container } = render(Said, { said: { by: 'The server said', words: EVIL } });
    expect(container.querySelector('blockquote')?.textContent).toBe(EVIL);
    expect(screen.getByText('The server said')).toBeTruthy();
  });
});

describe('a button', () => {
  it('that is off for a reason stays reachable, says why, and does nothing', async () => {
    const onclick = vi.fn();
    render(Button, { because: 'Needs phpIPAM', onclick, children: words('Refresh') });
    const button = screen.getByRole('button', { name: 'Refresh' }) as HTMLButtonElement;
    expect(button.disabled).toBe(false);
    expect(button.getAttribute('aria-disabled')).toBe('true');
    expect(button.title).toBe('Needs phpIPAM');
    expect(document.getElementById(button.getAttribute('aria-describedby') ?? '')?.textContent, 'a screen reader says it too').toBe('Needs phpIPAM');
    await fireEvent.click(button);
    expect(onclick).not.toHaveBeenCalled();
  });
});

describe('marks', () => {
  it('of every standing differ in shape, not only in colour', () => {
    const shapes = (['known', 'unknown', 'missing', 'mismatch', 'unseen', 'excluded', 'free'] as const).map((standing) => {
      const { container, unmount } = render(Mark, { standing });
      const shape = [...container.querySelectorAll('rect, path, circle')].map((one) => `${one.tagName} ${one.getAttribute('d') ?? ''} ${one.classList[0]}`).join('|');
      unmount();
      return shape;
    });
    expect(new Set(shapes).size).toBe(shapes.length);
  });

  it('of every outcome too', () => {
    const shapes = (['ok', 'warning', 'failed', 'not-tried', 'running', 'waiting'] as const).map((outcome) => {
      const { container, unmount } = render(Outcome, { outcome });
      const shape = [...container.querySelectorAll('path, circle')].map((one) => `${one.tagName} ${one.getAttribute('d') ?? one.getAttribute('r')} ${one.classList[0]}`).join('|');
      unmount();
      return shape;
    });
    expect(new Set(shapes).size).toBe(shapes.length);
  });
});

describe('segments', () => {
  it('move with the arrows, around the ends', async () => {
    const onchange = vi.fn();
    render(Segmented, { label: 'Speed', value: 'gentle', options: [{ value: 'gentle', label: 'Gentle' }, { value: 'normal', label: 'Normal' }, { value: 'fast', label: 'Fast' }], onchange });
    const gentle = screen.getByRole('radio', { name: 'Gentle' });
    await fireEvent.keyDown(gentle, { key: 'ArrowRight' });
    expect(onchange).toHaveBeenLastCalledWith('normal');
    await fireEvent.keyDown(gentle, { key: 'ArrowLeft' });
    expect(onchange).toHaveBeenLastCalledWith('fast');
    expect(gentle.tabIndex, 'one tab stop').toBe(0);
    expect(screen.getByRole('radio', { name: 'Fast' }).tabIndex).toBe(-1);
  });
});

describe('progress', () => {
  it('is a share of all that there is to do', () => {
    render(ProgressBar, { label: 'Scan', text: '50 of 200 addresses', parts: [{ key: 1, done: 50, total: 50 }, { key: 2, done: 0, total: 150 }] });
    const bar = screen.getByRole('progressbar', { name: 'Scan' });
    expect(bar.getAttribute('aria-valuenow')).toBe('25');
    expect(bar.getAttribute('aria-valuetext')).toBe('50 of 200 addresses');
  });

  it('of nothing is none, not a fault', () => {
    render(ProgressBar, { label: 'Scan', parts: [{ key: 1, done: 0, total: 0 }] });
    expect(screen.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('0');
  });
});

describe('a step of the test', () => {
  it('tells a failure with what to do and the server’s words', () => {
    const problem = { code: 'server-token-rejected' as const, words: 'Invalid authorization token', severity: 'needs-person' as const, area: '', what: '', remedy: '', said: { by: 'The server said', words: 'Invalid authorization token' } };
    render(TestStep, { id: 'scan-server', running: false, step: { id: 'scan-server', title: '', outcome: 'failed', problem } });
    expect(screen.getByRole('img', { name: 'Failed' })).toBeTruthy();
    expect(screen.getByText('The scan server doesn’t take the token.')).toBeTruthy();
    expect(screen.getByText('Invalid authorization token')).toBeTruthy();
  });

  it('that could not be tried names the one that comes first', () => {
    render(TestStep, { id: 'token', running: false, step: { id: 'token', title: '', outcome: 'not-tried', because: 'reachable' } });
    expect(screen.getByText('Not tried, needs “phpIPAM answers”')).toBeTruthy();
  });
});

describe('a small map', () => {
  const count = (path: string) => (path.match(/M/g) ?? []).length;

  it('of a /24 has a cell for each address, and marks what needs a look', () => {
    const drawing = draw('10.20.0.0/24', [address('10.20.0.1', 'known'), address('10.20.0.9', 'unknown'), address('10.20.0.44', 'missing'), address('10.20.0.73', 'mismatch')]);
    expect(drawing && count(drawing.free) + count(drawing.known)).toBe(256);
    expect(drawing && [count(drawing.known), count(drawing.unknown), count(drawing.missing), count(drawing.mismatch), count(drawing.hatch)]).toEqual([1, 1, 1, 1, 2]);
  });

  it('draws what was never tried apart from what is free', () => {
    const never = { ...address('10.20.0.1', 'known', false), standing: null };
    const drawing = draw('10.20.0.0/24', [never]);
    expect(drawing && [count(drawing.unscanned), count(drawing.free), count(drawing.known)]).toEqual([1, 256, 0]);
  });

  it('of a /22 has four times that, of a /30 one short row', () => {
    expect(count(draw('10.20.4.0/22', [])?.free ?? '')).toBe(1_024);
    const small = draw('10.20.0.0/30', []);
    expect(count(small?.free ?? '')).toBe(4);
    expect(small?.height).toBeLessThan(12);
  });

  it('of a /16 has a cell for each /24, filled by use, with the worst mark on top', () => {
    const rows = [...Array.from({ length: 254 }, (_, index) => address(`10.40.3.${index + 1}`, 'known')), address('10.40.5.1', 'missing', false), address('10.40.5.2', 'unknown')];
    const drawing = draw('10.40.0.0/16', rows);
    expect(drawing && count(drawing.free)).toBe(256);
    expect(drawing && count(drawing.known), 'two of them are in use').toBe(2);
    expect(drawing && [count(drawing.unknown), count(drawing.missing)], 'an unknown host is worse than a missing one').toEqual([1, 0]);
  });

  it('is none for what has no map', () => {
    expect(draw('fd00:20::/64', [])).toBeNull();
    expect(draw('10.0.0.0/8', [])).toBeNull();
    expect(draw('nonsense', [])).toBeNull();
  });

  it('draws 65,536 addresses as one cell for each /24, and stays small', () => {
    const rows = Array.from({ length: 65_536 }, (_, index) => address(`10.40.${index >> 8}.${index & 255}`, 'known'));
    const drawing = draw('10.40.0.0/16', rows);
    expect(drawing && count(drawing.known)).toBe(256);
    expect(drawing && JSON.stringify(drawing).length, 'in bytes').toBeLessThan(100_000);
  });

  it('says in words what it shows', () => {
    render(MiniMap, { cidr: '10.20.0.0/24', addresses: [], counts: { known: 59, unknown: 2, unseen: 0, missing: 1, mismatch: 1, excluded: 0, up: 62 } });
    expect(screen.getByRole('img', { name: 'Map of 10.20.0.0/24: 59 known, 2 unknown, 1 missing, 1 mismatch' })).toBeTruthy();
  });

  it('of IPv6 lists the known hosts, and says how many more there are', () => {
    const rows = Array.from({ length: 40 }, (_, index) => address(`fd00:20::${index + 1}`, 'known'));
    render(MiniMap, { cidr: 'fd00:20::/64', addresses: rows, counts: null });
    expect(screen.getAllByRole('listitem')).toHaveLength(12);
    expect(screen.getByText('29 more')).toBeTruthy();
  });
});
