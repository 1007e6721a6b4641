// Hosts over time: what scans found, one value for each day of the calendar.

import type { HostsAt } from '../host';

export interface Day {
  /** Noon of that day, in milliseconds. */
  at: number;
  /** Hosts up in the day's last scan; null if there was none. */
  up: number | null;
  /** How many more of them there were than the day before. */
  moreUnknown: number;
  moreMissing: number;
}

/** The last `many` days, the oldest first. */
export function daysOf(scans: readonly HostsAt[], now: number, many: number): Day[] {
  const last = new Map<string, HostsAt>();
  for (const scan of scans) {
    const day = keyOf(Date.parse(scan.at));
    const known = last.get(day);
    if (!known || known.at <= scan.at) last.set(day, scan);
  }
  const today = new Date(now);
  const days: Day[] = [];
  let before: HostsAt | undefined;
  for (let index = many - 1; index >= 0; index -= 1) {
    // By the calendar, since a day on which the clock is changed is not 24 h long.
    const noon = new Date(today.getFullYear(), today.getMonth(), today.getDate() - index, 12).getTime();
    const scan = last.get(keyOf(noon));
    days.push({
      at: noon,
      up: scan?.up ?? null,
      moreUnknown: scan && before ? Math.max(0, scan.counts.unknown - before.counts.unknown) : 0,
      moreMissing: scan && before ? Math.max(0, scan.counts.missing - before.counts.missing) : 0,
    });
    before = scan ?? before;
  }
  return days;
}

function keyOf(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}
