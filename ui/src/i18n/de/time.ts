import type { TimeWords } from '../format';
import { count } from './tools';

export const time: TimeWords = {
  today: (clock) => `heute, ${clock}`,
  yesterday: (clock) => `gestern, ${clock}`,
  tomorrow: (clock) => `morgen, ${clock}`,
  onDay: (day, clock) => `${day}, ${clock}`,
  weekday: (weekday, day) => `${weekday}, ${day}`,
  seconds: (n) => `${n} s`,
  minutes: (n) => `${n} min`,
  hours: (n) => `${n} h`,
  days: (n) => count(n, 'Tag', 'Tage'),
  lessThanASecond: 'unter 1 s',
  justNow: 'gerade eben',
  ago: (age) => `vor ${age}`,
  daysAgo: (n) => `vor ${count(n, 'Tag', 'Tagen')}`,
  old: (age) => `${age} alt`,
};
