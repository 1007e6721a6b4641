// Names and values of settings in words.

import type { SettingValue } from '../../host';
import type { Words } from '../../i18n/index.svelte';
import { sectionOf } from '../../state/settings';

/** The name of a setting; one that has no words here is called as in the file. */
export function nameOf(key: string, t: Words): string {
  return t.settings.keys[key]?.name ?? key;
}

/** The name where it stands alone: “Scan server: Port”. */
export function longNameOf(key: string, t: Words): string {
  return `${t.settings.sections[sectionOf(key)].title}: ${nameOf(key, t)}`;
}

export function valueWords(key: string, value: SettingValue | null, t: Words): string {
  const { settings } = t;
  if (value === null || value === '') return settings.notSet;
  if (typeof value === 'boolean') return value ? settings.on : settings.off;
  if (Array.isArray(value)) return value.length === 0 ? settings.none : value.join(', ');
  if (key === 'profile' && Object.hasOwn(settings.profiles, value)) return settings.profiles[value as keyof typeof settings.profiles].name;
  if (key === 'on_metered' && (value === 'wait' || value === 'scan')) return settings.metered[value];
  if (key === 'log_level' && Object.hasOwn(settings.logs.names, value)) return settings.logs.names[value as keyof typeof settings.logs.names];
  const text = String(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
