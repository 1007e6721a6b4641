// Names and values of settings in words.

import type { SettingDocument, SettingValue } from '../../host';
import { format, type Words } from '../../i18n/index.svelte';
import { DAY, daysInRow, scheduleOf, type Schedule } from '../../state/schedule';
import { sectionOf } from '../../state/settings';

/** The name of a setting; one that has no words here is called as in the file. */
export function nameOf(key: string, t: Words): string {
  return t.settings.keys[key]?.name ?? key;
}

/** The name where it stands alone: “Scan server: Port”. */
export function longNameOf(key: string, t: Words): string {
  return `${t.settings.sections[sectionOf(key)].title}: ${nameOf(key, t)}`;
}

/** A value that is set and not told: whoever reads over a shoulder needn't have it. */
export function isHidden(setting: SettingDocument | undefined): boolean {
  return setting !== undefined && setting.set && setting.value === null;
}

/** What a change makes of a setting: “5000 → 8443”. */
export function changeWords(setting: SettingDocument | undefined, key: string, value: SettingValue | null, t: Words): string {
  const { settings } = t;
  if (isHidden(setting) && value !== null) return settings.changedNotShown;
  const before = isHidden(setting) ? settings.setNotShown : valueWords(key, setting?.value ?? null, t);
  return settings.fromTo(before, value === null ? settings.byDefault(valueWords(key, setting?.default_value ?? null, t)) : valueWords(key, value, t));
}

export function valueWords(key: string, value: SettingValue | null, t: Words): string {
  const { settings } = t;
  if (value === null || value === '') return settings.notSet;
  if (typeof value === 'boolean') return value ? settings.on : settings.off;
  if (Array.isArray(value)) return value.length === 0 ? settings.none : value.join(', ');
  if (key === 'profile' && Object.hasOwn(settings.profiles, value)) return settings.profiles[value as keyof typeof settings.profiles].name;
  if (key === 'on_metered' && (value === 'wait' || value === 'scan')) return settings.metered[value];
  if (key === 'log_level' && Object.hasOwn(settings.logs.names, value)) return settings.logs.names[value as keyof typeof settings.logs.names];
  const text = key === 'schedule' ? scheduleWords(scheduleOf(String(value)), t) : String(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

/** An hour of the day as a clock shows it. */
export function hourWords(hour: number, t: Words): string {
  return hour === 24 ? t.settings.schedule.midnight : format().clock(new Date(2026, 0, 5, hour).getTime());
}

/** “every 30 min from 6:00 to 20:00, Mo–Fr”; an own schedule as it is written. */
function scheduleWords(schedule: Schedule, t: Words): string {
  const { said, days: names } = t.settings.schedule;
  switch (schedule.kind) {
    case 'off':
      return said.never;
    case 'text':
      return schedule.text;
    case 'every': {
      const { minutes, from, to, days } = schedule;
      const on = days.length === 7 ? null : daysInRow(days).map(([first, last]) => (first === last ? names[first - 1] : `${names[first - 1]}–${names[last - 1]}`)).join(', ');
      if (minutes === DAY) return said.daily(hourWords(from, t), on);
      return said.every(t.settings.intervals(minutes), from === 0 && to === 24 ? null : { from: hourWords(from, t), to: hourWords(to, t) }, on);
    }
  }
}
