import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { use, type LogLevel, type LogLine } from '../../host';
import { FakeAgent, optionsOf } from '../../host/fake';
import Logs from './Logs.svelte';

/** The readings, in the order in which they were asked for. Each is answered by the test. */
let asked: { level: LogLevel; after: number; answer: (lines: LogLine[]) => void; refuse: () => void }[];
let look: (inView: boolean) => void;

beforeEach(() => {
  asked = [];
  const logs = (level: LogLevel, after: number) =>
    new Promise<LogLine[]>((answer, reject) => asked.push({ level, after, answer, refuse: () => reject({ code: 'log-unread', what: 'The log can’t be read.', remedy: 'Look.' }) }));
  use(Object.assign(Object.create(new FakeAgent(optionsOf(new URLSearchParams('frozen')))), { logs }));
  vi.stubGlobal(
    'IntersectionObserver',
    class {
      constructor(tell: (entries: { isIntersecting: boolean }[]) => void) {
        look = (inView) => tell([{ isIntersecting: inView }]);
      }
      observe() {
        look(true);
      }
      disconnect() {}
    },
  );
});
afterEach(() => vi.unstubAllGlobals());

const line = (number: number, level: LogLevel, text: string): LogLine => ({ number, at: '2026-03-12T13:12:00Z', level, target: 'fieldscan', text });
const nth = async (index: number) => {
  await waitFor(() => expect(asked.length, 'so many readings were begun').toBeGreaterThan(index));
  return asked[index] as (typeof asked)[number];
};

describe('the log', () => {
  it('keeps its lines when it is no longer followed, and when it comes into view again', async () => {
    render(Logs);
    (await nth(0)).answer([line(1, 'info', 'the first')]);
    await screen.findByText('the first');
    await fireEvent.click(screen.getByRole('switch', { name: 'Follow' }));
    expect(screen.getByText('the first')).toBeTruthy();
    look(false);
    look(true);
    await Promise.resolve();
    expect(screen.getByText('the first')).toBeTruthy();
    expect(asked.slice(1).every((one) => one.after === 1), 'only what came after it is asked for').toBe(true);
  });

  it('shows the level that was chosen last, though another was still being read', async () => {
    render(Logs);
    const first = await nth(0);
    await fireEvent.click(screen.getByRole('switch', { name: 'Follow' }));
    await fireEvent.click(screen.getByRole('radio', { name: 'Errors' }));
    const second = await nth(1);
    expect([second.level, second.after]).toEqual(['error', 0]);
    first.answer([line(7, 'info', 'overtaken')]);
    second.answer([line(3, 'error', 'asked for')]);
    expect(await screen.findByText('asked for')).toBeTruthy();
    expect(screen.queryByText('overtaken')).toBeNull();
  });

  it('does not take the refusal of an overtaken reading for one of its own', async () => {
    render(Logs);
    const first = await nth(0);
    await fireEvent.click(screen.getByRole('radio', { name: 'Debug' }));
    const second = await nth(1);
    second.answer([line(3, 'debug', 'asked for')]);
    await screen.findByText('asked for');
    first.refuse();
    await Promise.resolve();
    await Promise.resolve();
    expect(screen.queryByText('The log can’t be read.')).toBeNull();
  });
});
