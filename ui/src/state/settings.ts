// What somebody wants to change in the settings, beside what they are.

import type { SettingChange, SettingDocument, SettingsDocument, SettingsSection, SettingValue } from '../host';

/** Values that are not applied yet, by key. Null takes a setting out, so that its default counts. */
export type Edits = ReadonlyMap<string, SettingValue | null>;

/** Those that the agent's tray, notices and problems lead to, and the window's own. */
export type Section = SettingsSection | 'logs' | 'other';
export const SECTIONS: readonly Section[] = ['phpipam', 'server', 'schedule', 'scanning', 'cache', 'notifications', 'startup', 'import', 'logs'];

/** Where each key is found. Of secrets too, so that their problems lead there. */
const PLACES: Record<string, Section> = {
  api_url: 'phpipam',
  client_name: 'phpipam',
  client_token: 'phpipam',
  scanagent_code: 'phpipam',
  client_user: 'phpipam',
  client_password: 'phpipam',
  ca_file: 'phpipam',
  ipam_time_zone: 'phpipam',
  http_server: 'server',
  http_port: 'server',
  auth_token: 'server',
  report_ipv6: 'server',
  schedule: 'schedule',
  schedule_jitter: 'schedule',
  right_place: 'schedule',
  on_metered: 'schedule',
  battery_level: 'schedule',
  profile: 'scanning',
  misses_before_missing: 'scanning',
  allow_public: 'scanning',
  allow_large: 'scanning',
  accept_everything_up: 'scanning',
  cache_expire_time: 'cache',
  epoch_time_offset: 'cache',
  keep_history: 'cache',
  notify_findings: 'notifications',
  notify_reports: 'notifications',
  notify_problems: 'notifications',
  notify_delivered: 'notifications',
  update_url: 'startup',
  update_key: 'startup',
  log_level: 'logs',
};

/** The section of a key; one that this window doesn't know is among the others, so that none is out of reach. */
export function sectionOf(key: string): Section {
  return Object.hasOwn(PLACES, key) ? (PLACES[key] as Section) : 'other';
}

export function sameValue(one: SettingValue | null, other: SettingValue | null): boolean {
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((value, index) => value === other[index]);
  if (one === null || other === null) return one === other;
  return String(one) === String(other);
}

/** The edits that change something. To take a setting out that is at its default changes nothing. */
export function changesOf(settings: readonly SettingDocument[], edits: Edits): SettingChange[] {
  return settings.flatMap(({ key, value, default: atDefault }) => {
    if (!edits.has(key)) return [];
    const edit = edits.get(key) as SettingValue | null;
    const unchanged = edit === null ? atDefault : sameValue(edit, value);
    return unchanged ? [] : [{ key, value: edit }];
  });
}

/** A value as somebody typed it: nothing takes the setting out, digits are a number where the setting is one. */
export function typed(setting: SettingDocument, text: string): SettingValue | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const number = typeof setting.value === 'number' || typeof setting.default_value === 'number';
  return number && /^-?\d{1,15}$/.test(trimmed) ? Number(trimmed) : trimmed;
}

/** What the setting would be. */
export function valueOf(document: SettingsDocument, edits: Edits, key: string): SettingValue | null {
  const setting = document.settings.find((one) => one.key === key);
  const edit = edits.get(key);
  if (edit === undefined) return setting?.value ?? null;
  return edit ?? setting?.default_value ?? null;
}

const UNITS: readonly (readonly [RegExp, number])[] = [
  [/^s(ec(onds?)?)?$/, 1],
  [/^m(in(utes?)?)?$/, 60],
  [/^h(ours?)?$/, 3_600],
  [/^d(ays?)?$/, 86_400],
];

/** A duration such as `1 h 30 min`, or a number of seconds, in seconds; null if it is none. */
export function secondsOf(value: SettingValue | null): number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return null;
  const text = value.trim();
  if (/^\d+$/.test(text)) return Number(text);
  let seconds = 0;
  let rest = text;
  while (rest !== '') {
    const found = /^(\d+)\s*([a-z]+)\s*/i.exec(rest);
    const unit = found ? UNITS.find(([name]) => name.test((found[2] as string).toLowerCase())) : undefined;
    if (!found || !unit) return null;
    seconds += Number(found[1]) * unit[1];
    rest = rest.slice(found[0].length);
  }
  return text === '' ? null : seconds;
}
