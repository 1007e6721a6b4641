import { describe, expect, it } from 'vitest';

import { time as deTime } from './de/time';
import { time as enTime } from './en/time';
import { Format } from './format';

const british = new Format('en-GB', enTime, 'Europe/Berlin');
const american = new Format('en-US', enTime, 'Europe/Berlin');
const german = new Format('de-DE', deTime, 'Europe/Berlin');

/** Friday 13 March 2026, 23:30 in Berlin. */
const NOW = Date.parse('2026-03-13T22:30:00Z');

describe('times', () => {
  it.each([
    ['2026-03-13T13:00:00Z', '14:00', '14:00'],
    ['2026-03-12T12:58:00Z', 'yesterday, 13:58', 'gestern, 13:58'],
    // Already the 13th in Berlin.
    ['2026-03-12T23:30:00Z', '00:30', '00:30'],
    ['2026-03-13T23:10:00Z', 'tomorrow, 00:10', 'morgen, 00:10'],
    ['2026-03-11T12:30:00Z', 'Wed 11 March, 13:30', 'Mi., 11. März, 13:30'],
    ['2025-12-31T12:30:00Z', 'Wed 31 December 2025, 13:30', 'Mi., 31. Dezember 2025, 13:30'],
  ])('%s is %s', (at, english, inGerman) => {
    expect(british.when(at, NOW)).toBe(english);
    expect(german.when(at, NOW)).toBe(inGerman);
  });

  it('follow the locale, not only the language', () => {
    expect(american.clock('2026-03-13T13:00:00Z')).toMatch(/^2:00\sPM$/u);
  });

  it('name today where a list needs it', () => {
    expect(british.dayAndClock('2026-03-13T13:00:00Z', NOW)).toBe('today, 14:00');
  });

  it('stay on the calendar day over the change to summer time', () => {
    // In the night to 29 March, the clocks go forward.
    expect(british.when('2026-03-28T22:30:00Z', Date.parse('2026-03-29T21:30:00Z'))).toBe('yesterday, 23:30');
  });
});

describe('lengths', () => {
  it.each([
    [0, 'under 1 s'],
    [42, '42 s'],
    [102, '1 min 42 s'],
    [120, '2 min'],
    [7_200, '2 h'],
    [7_325, '2 h 2 min'],
    [86_400, '1 day'],
    [277_205, '3 days 5 h'],
  ])('%i s is %s, in at most two units', (seconds, text) => {
    expect(british.duration(seconds * 1_000)).toBe(text);
  });

  it('count down to the second that is still to come', () => {
    expect(british.countdown(102_000)).toBe('1:42');
    expect(british.countdown(3_605_000)).toBe('1:00:05');
    expect(british.countdown(-5_000), 'what is over counts no further').toBe('0:00');
  });

  it('are rough for what is left, so that they don’t jump', () => {
    expect(british.roughly(52_000)).toBe('50 s');
    expect(british.roughly(130_000)).toBe('2 min');
    expect(british.roughly(0), 'something is left as long as it goes on').toBe('1 s');
  });
});

describe('ages', () => {
  it.each([
    [59, '59 s'],
    [3_599, '59 min'],
    [4 * 3_600 - 1, '3 h'],
    [2 * 86_400 - 1, '1 day'],
    [-100, 'under 1 s'],
  ])('of %i s are rounded down to %s: no data is made younger than it is', (seconds, text) => {
    expect(british.age(NOW - seconds * 1_000, NOW)).toBe(text);
  });

  it('are bent as the language does', () => {
    expect(german.ago(NOW - 3 * 86_400_000, NOW)).toBe('vor 3 Tagen');
    expect(german.age(NOW - 3 * 86_400_000, NOW)).toBe('3 Tage');
    expect(british.ago(NOW, NOW)).toBe('just now');
  });
});

it('numbers have the separators of the locale', () => {
  expect(british.number(1_022)).toBe('1,022');
  expect(german.number(1_022)).toBe('1.022');
  expect(british.bytes(38_400)).toBe('38 kB');
});
