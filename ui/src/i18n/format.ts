// Numbers, times, ages and durations as people of a locale write them.

import { remembered } from './tools';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The few words that Intl doesn't have. */
export interface TimeWords {
  today: (clock: string) => string;
  yesterday: (clock: string) => string;
  tomorrow: (clock: string) => string;
  onDay: (day: string, clock: string) => string;
  /** A weekday and the day of the month. */
  weekday: (weekday: string, day: string) => string;
  seconds: (n: string) => string;
  minutes: (n: string) => string;
  hours: (n: string) => string;
  days: (n: number) => string;
  lessThanASecond: string;
  justNow: string;
  ago: (age: string) => string;
  /** Apart from `ago`, for languages that bend the word after it. */
  daysAgo: (n: number) => string;
  old: (age: string) => string;
}

/** Formats for one locale. Times are milliseconds since 1970 or ISO 8601 strings. */
export class Format {
  constructor(
    readonly locale: string,
    private readonly words: TimeWords,
    /** For tests; otherwise the system's. */
    private readonly zone?: string,
  ) {}

  number(value: number): string {
    return remembered(numberFormats, this.locale, () => new Intl.NumberFormat(this.locale)).format(value);
  }

  /** 57 % */
  percent(share: number): string {
    return remembered(percentFormats, this.locale, () => new Intl.NumberFormat(this.locale, { style: 'percent' })).format(share);
  }

  /** 14:00 */
  clock(at: string | number): string {
    return this.date({ timeStyle: 'short' }).format(new Date(at));
  }

  /** `14:00`, `yesterday, 13:58`, `Wed 11 March, 13:30`; the year only if it differs. */
  when(at: string | number, now: number): string {
    const days = this.daysFrom(now, at);
    if (days === 0) return this.clock(at);
    return this.withDay(at, now, days);
  }

  /** As `when`, but the day is said even if it is today. */
  dayAndClock(at: string | number, now: number): string {
    const days = this.daysFrom(now, at);
    return days === 0 ? this.words.today(this.clock(at)) : this.withDay(at, now, days);
  }

  /** `Thursday 12 March`; the year only if it differs. */
  day(at: string | number, now: number): string {
    return this.dayOf(at, now, 'long');
  }

  /** `12 Mar`, where there is little room. */
  dayShort(at: string | number): string {
    return this.date({ day: 'numeric', month: 'short' }).format(new Date(at));
  }

  /** All of it, to the second, for a tooltip. */
  exact(at: string | number): string {
    return this.date({ dateStyle: 'full', timeStyle: 'medium' }).format(new Date(at));
  }

  /** `42 s`, `1 min 42 s`, `2 h`: at most two units. */
  duration(length: number): string {
    const seconds = Math.floor(Math.max(length, 0) / SECOND);
    const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3_600), Math.floor(seconds / 86_400)];
    const w = this.words;
    const two = (whole: string, rest: number, unit: (n: string) => string) => (rest === 0 ? whole : `${whole} ${unit(this.number(rest))}`);
    if (seconds === 0) return w.lessThanASecond;
    if (minutes === 0) return w.seconds(this.number(seconds));
    if (hours === 0) return two(w.minutes(this.number(minutes)), seconds % 60, w.seconds);
    if (days === 0) return two(w.hours(this.number(hours)), minutes % 60, w.minutes);
    return two(w.days(days), hours % 24, w.hours);
  }

  /** `50 s`, `2 min`: one unit, rounded so that it doesn't jump with every second. */
  roughly(length: number): string {
    const seconds = Math.max(length, 0) / SECOND;
    if (seconds < 10) return this.words.seconds(this.number(Math.max(1, Math.round(seconds))));
    if (seconds < 90) return this.words.seconds(this.number(Math.round(seconds / 10) * 10));
    if (seconds < 5_400) return this.words.minutes(this.number(Math.round(seconds / 60)));
    return this.words.hours(this.number(Math.round(seconds / 3_600)));
  }

  /** The age in one unit, rounded down: no data is made younger than it is. */
  age(at: string | number, now: number): string {
    const length = now - new Date(at).getTime();
    const w = this.words;
    if (length < SECOND) return w.lessThanASecond;
    if (length < MINUTE) return w.seconds(this.number(Math.floor(length / SECOND)));
    if (length < HOUR) return w.minutes(this.number(Math.floor(length / MINUTE)));
    if (length < DAY) return w.hours(this.number(Math.floor(length / HOUR)));
    return w.days(Math.floor(length / DAY));
  }

  /** `14 min ago` */
  ago(at: string | number, now: number): string {
    const length = now - new Date(at).getTime();
    if (length < SECOND) return this.words.justNow;
    return length < DAY ? this.words.ago(this.age(at, now)) : this.words.daysAgo(Math.floor(length / DAY));
  }

  /** `14 min old` */
  old(at: string | number, now: number): string {
    return this.words.old(this.age(at, now));
  }

  /** `1:42`, with hours `1:00:05`. */
  countdown(length: number): string {
    const seconds = Math.max(0, Math.ceil(length / SECOND));
    const two = (value: number) => String(value).padStart(2, '0');
    const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
    return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
  }

  /** 38 kB */
  bytes(size: number): string {
    if (size < 1_000) return `${this.number(size)} B`;
    if (size < 1_000_000) return `${this.number(Math.round(size / 1_000))} kB`;
    return `${this.number(Math.round(size / 100_000) / 10)} MB`;
  }

  private withDay(at: string | number, now: number, days: number): string {
    const clock = this.clock(at);
    if (days === -1) return this.words.yesterday(clock);
    if (days === 1) return this.words.tomorrow(clock);
    return this.words.onDay(this.dayOf(at, now, 'short'), clock);
  }

  private dayOf(at: string | number, now: number, weekday: 'long' | 'short'): string {
    const year = this.year(at) === this.year(now) ? {} : { year: 'numeric' as const };
    const day = this.date({ weekday, day: 'numeric', month: 'long', ...year }).format(new Date(at));
    return day.replace(/^(\p{L}+\.?), (.*)/u, (_, name: string, rest: string) => this.words.weekday(name, rest));
  }

  /** Whole days of the calendar from one time to another. */
  private daysFrom(from: string | number, to: string | number): number {
    return Math.round((this.midnight(to) - this.midnight(from)) / DAY);
  }

  /** The calendar day as a number of its own, free of summer time. */
  private midnight(at: string | number): number {
    const parts = this.calendar(at);
    return Date.UTC(parts.year, parts.month - 1, parts.day);
  }

  private year(at: string | number): number {
    return this.calendar(at).year;
  }

  private calendar(at: string | number): { year: number; month: number; day: number } {
    const format = remembered(calendars, this.zone ?? '', () => new Intl.DateTimeFormat('en-US-u-ca-gregory', this.inZone({ year: 'numeric', month: 'numeric', day: 'numeric' })));
    const found = { year: 0, month: 0, day: 0 };
    for (const part of format.formatToParts(new Date(at))) {
      if (part.type === 'year' || part.type === 'month' || part.type === 'day') found[part.type] = Number(part.value);
    }
    return found;
  }

  private date(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    const key = `${this.locale} ${this.zone ?? ''} ${JSON.stringify(options)}`;
    return remembered(dateFormats, key, () => new Intl.DateTimeFormat(this.locale, this.inZone(options)));
  }

  private inZone(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormatOptions {
    return this.zone === undefined ? options : { ...options, timeZone: this.zone };
  }
}

const numberFormats = new Map<string, Intl.NumberFormat>();
const percentFormats = new Map<string, Intl.NumberFormat>();
const dateFormats = new Map<string, Intl.DateTimeFormat>();
const calendars = new Map<string, Intl.DateTimeFormat>();
