// A schedule as people think of it (“every 30 min from 6 to 20, on working days”), and as it stands in the settings.

import { secondsOf } from './settings';

export type Schedule =
  | { kind: 'off' }
  /** `days` count from Monday, 1, to Sunday, 7. The last run begins before the hour `to`. */
  | { kind: 'every'; minutes: number; from: number; to: number; days: readonly number[] }
  /** Anything else, as it is written. */
  | { kind: 'text'; text: string };

/** Intervals that divide an hour or a day, so that runs come at the same times each day. */
export const INTERVALS = [5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1_440] as const;
export const ALL_DAYS: readonly number[] = [1, 2, 3, 4, 5, 6, 7];

/** In minutes. */
const HOUR = 60;
export const DAY = 1_440;

export function scheduleOf(text: string): Schedule {
  const trimmed = text.trim();
  if (trimmed === 'off' || trimmed === '') return { kind: 'off' };
  const seconds = /[a-z]/i.test(trimmed) ? secondsOf(trimmed) : null;
  if (seconds !== null) {
    const minutes = seconds / 60;
    return isInterval(minutes) ? { kind: 'every', minutes, from: 0, to: 24, days: ALL_DAYS } : { kind: 'text', text };
  }
  return cronOf(trimmed) ?? { kind: 'text', text };
}

/** The days as few ranges, each from its first to its last. */
export function daysInRow(days: readonly number[]): [from: number, to: number][] {
  const ranges: [number, number][] = [];
  for (const day of [...days].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && day === last[1] + 1) last[1] = day;
    else ranges.push([day, day]);
  }
  return ranges;
}

export function scheduleText(schedule: Schedule): string {
  switch (schedule.kind) {
    case 'off':
      return 'off';
    case 'text':
      return schedule.text;
    case 'every':
      return everyText(schedule);
  }
}

function everyText({ minutes, from, to, days }: Extract<Schedule, { kind: 'every' }>): string {
  const daily = days.length === 7;
  if (minutes === DAY) return daily && from === 0 ? '1 day' : `0 ${from} * * ${daysText(days)}`;
  if (daily && from === 0 && to === 24) return minutes < HOUR ? `${minutes} min` : `${minutes / HOUR} h`;
  const step = minutes > HOUR ? `/${minutes / HOUR}` : '';
  const hours = from === 0 && to === 24 ? `*${step}` : to - from === 1 ? `${from}` : `${from}-${to - 1}${step}`;
  return `${minutes < HOUR ? `*/${minutes}` : '0'} ${hours} * * ${daysText(days)}`;
}

function daysText(days: readonly number[]): string {
  if (days.length === 7) return '*';
  return daysInRow(days).map(([from, to]) => (to > from ? `${from}-${to}` : `${from}`)).join(',');
}

function cronOf(text: string): Schedule | null {
  const fields = text.split(/\s+/);
  const [minute, hour, day, month, weekday] = fields as [string, string, string, string, string];
  if (fields.length !== 5 || day !== '*' || month !== '*') return null;
  const days = daysOf(weekday);
  if (!days) return null;
  const every = /^\*\/(\d+)$/.exec(minute);
  const hours = hoursOf(hour);
  if (!hours) return null;
  const { from, to, step } = hours;
  if (every && step === 1 && isInterval(Number(every[1])) && Number(every[1]) < HOUR) return { kind: 'every', minutes: Number(every[1]), from, to, days };
  if (minute !== '0') return null;
  // One hour in a day is a daily run; a range is an interval of hours.
  if (!hour.includes('-') && !hour.startsWith('*')) return { kind: 'every', minutes: DAY, from, to: 24, days };
  return isInterval(step * HOUR) ? { kind: 'every', minutes: step * HOUR, from, to, days } : null;
}

function hoursOf(field: string): { from: number; to: number; step: number } | null {
  const found = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(field);
  if (!found) return null;
  const from = Number(found[1] ?? 0);
  const to = found[1] === undefined ? 24 : Number(found[2] ?? found[1]) + 1;
  const step = Number(found[3] ?? 1);
  return from < to && to <= 24 && step > 0 && (found[3] === undefined || field.includes('-') || field.startsWith('*')) ? { from, to, step } : null;
}

function daysOf(field: string): number[] | null {
  if (field === '*') return [...ALL_DAYS];
  const days = new Set<number>();
  for (const part of field.split(',')) {
    const found = /^([0-7])(?:-([0-7]))?$/.exec(part);
    if (!found) return null;
    const [from, to] = [Number(found[1]), Number(found[2] ?? found[1])];
    if (from > to) return null;
    // Sunday is 0 and 7.
    for (let day = from; day <= to; day += 1) days.add(day === 0 ? 7 : day);
  }
  return [...days].sort((a, b) => a - b);
}

function isInterval(minutes: number): boolean {
  return (INTERVALS as readonly number[]).includes(minutes);
}
