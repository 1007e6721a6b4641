import type { TimeWords } from '../format';
import { count } from './tools';

export const time: TimeWords = {
  today: (clock) => `today, ${clock}`,
  yesterday: (clock) => `yesterday, ${clock}`,
  tomorrow: (clock) => `tomorrow, ${clock}`,
  onDay: (day, clock) => `${day}, ${clock}`,
  weekday: (weekday, day) => `${weekday} ${day}`,
  seconds: (n) => `${n} s`,
  minutes: (n) => `${n} min`,
  hours: (n) => `${n} h`,
  days: (n) => count(n, 'day', 'days'),
  lessThanASecond: 'under 1 s',
  justNow: 'just now',
  ago: (age) => `${age} ago`,
  daysAgo: (n) => `${count(n, 'day', 'days')} ago`,
  old: (age) => `${age} old`,
};
