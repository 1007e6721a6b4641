import { describe, expect, it } from 'vitest';

import { ALL_DAYS, INTERVALS, scheduleOf, scheduleText, type Schedule } from './schedule';

const every = (minutes: number, from = 0, to = 24, days: readonly number[] = ALL_DAYS): Schedule => ({ kind: 'every', minutes, from, to, days });
const WORKDAYS = [1, 2, 3, 4, 5];

describe('a schedule', () => {
  it.each<[string, Schedule]>([
    ['off', { kind: 'off' }],
    ['30 min', every(30)],
    ['2 h', every(120)],
    ['1 day', every(1_440)],
    ['*/30 6-19 * * 1-5', every(30, 6, 20, WORKDAYS)],
    ['0 6-19 * * *', every(60, 6, 20)],
    ['0 6-19/2 * * 1-5', every(120, 6, 20, WORKDAYS)],
    ['0 */4 * * 6-7', every(240, 0, 24, [6, 7])],
    ['0 6 * * 1,3,5-7', every(1_440, 6, 24, [1, 3, 5, 6, 7])],
    ['*/15 * * * 1-5', every(15, 0, 24, WORKDAYS)],
    ['*/10 8 * * *', every(10, 8, 9)],
  ])('%j is read and written', (text, schedule) => {
    expect(scheduleOf(text)).toEqual(schedule);
    expect(scheduleText(schedule)).toBe(text);
  });

  it.each(['45 min', '90 s', '*/7 * * * *', '0 6 1 * *', '30 6 * * *', '0 6,18 * * *', '0 0 6 * * *', 'at noon', '0 20-6 * * *', '*/30 6-19 * * 9'])('%j stays as it is written', (text) => {
    expect(scheduleOf(text)).toEqual({ kind: 'text', text });
    expect(scheduleText(scheduleOf(text))).toBe(text);
  });

  it('takes Sunday as 0 and as 7', () => {
    expect(scheduleOf('0 6 * * 0')).toEqual(scheduleOf('0 6 * * 7'));
  });

  it('comes back the same for whatever can be chosen', () => {
    for (const minutes of INTERVALS) {
      for (const [from, to] of [[0, 24], [6, 20], [22, 24]] as const) {
        for (const days of [ALL_DAYS, WORKDAYS, [7], [1, 3, 4]]) {
          const schedule = every(minutes, from, minutes === 1_440 ? 24 : to, days);
          expect(scheduleOf(scheduleText(schedule)), scheduleText(schedule)).toEqual(schedule);
        }
      }
    }
  });
});
