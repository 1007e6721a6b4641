// The settings, as the agent keeps and checks them.

import type { ImportDocument, Mistake, Remark, SchedulePreview, SecretDocument, SecretName, SecretSource, SettingChange, SettingDocument, SettingsDocument, SettingValue } from '../types';

interface Key {
  key: string;
  help: string;
  expected: string;
  default: SettingValue | null;
  check: (value: SettingValue) => boolean;
  /** What the depot has set. */
  depot?: SettingValue;
}

const text = (pattern: RegExp) => (value: SettingValue) => typeof value === 'string' && pattern.test(value);
const whole = (from: number, to: number) => (value: SettingValue) => /^-?\d+$/.test(String(value)) && Number(value) >= from && Number(value) <= to;
const yesNo = (value: SettingValue) => ['true', 'false'].includes(String(value));
const oneOf = (...all: string[]) => (value: SettingValue) => all.includes(String(value));
const network = /^(\d{1,3}(\.\d{1,3}){3}\/([12]?\d|3[0-2])|[0-9a-f:]+\/\d{1,3})$/i;

const KEYS: readonly Key[] = [
  { key: 'api_url', help: "phpIPAM's address, with the path it is installed at and without /api.", expected: 'an http or https URL without user name, query or fragment', default: null, check: text(/^https?:\/\/[^\s?#@]+$/), depot: 'https://ipam.example.net' },
  { key: 'client_name', help: "phpIPAM's app id (Administration, API).", expected: 'a name without white space, slash, ? or #', default: null, check: text(/^[^\s/?#]+$/), depot: 'fieldscan' },
  { key: 'client_user', help: 'User name, only for apps with the security "SSL with User token".', expected: 'a user name on one line', default: null, check: text(/^.+$/) },
  { key: 'scanagent_code', help: "This agent's code in phpIPAM (Administration, Scan agents). Case matters.", expected: "the agent's code on one line", default: null, check: text(/^.+$/), depot: 'kx72-depot-01' },
  { key: 'http_server', help: 'The scan server: scheme and host.', expected: 'an http or https URL of a host without path, user name or query', default: 'http://localhost', check: text(/^https?:\/\/[^\s/?#@]+\/?$/), depot: 'https://scan.example.net' },
  { key: 'http_port', help: "The scan server's port.", expected: 'a port from 1 to 65535', default: 8_000, check: whole(1, 65_535), depot: 8_443 },
  { key: 'ca_file', help: "Certificates (PEM) to trust beside the system's, for phpIPAM and the scan server.", expected: 'the absolute path of a PEM file', default: null, check: text(/^(\/|[A-Z]:\\).+/) },
  { key: 'schedule', help: "When to scan by itself: off, an interval, or a cron expression in this machine's time zone.", expected: 'off, an interval of at least 1 min ("30 min"), or a cron expression of 5 fields (6 with one value for the second first)', default: 'off', check: (value) => preview(String(value), 0).mistake === null, depot: '30 min' },
  { key: 'schedule_jitter', help: 'A scheduled run begins up to this much later, so that agents don’t all come at once.', expected: 'a duration with its unit, such as "1 min"', default: '0 s', check: text(/^\d+ ?(s|min|h|days?)$/) },
  { key: 'profile', help: 'How hard to press: gentle for shared or fragile links, normal, or fast for a link of one’s own.', expected: 'gentle, normal or fast', default: 'normal', check: oneOf('gentle', 'normal', 'fast') },
  { key: 'allow_public', help: 'Public networks that may be scanned. Private ones need no leave.', expected: 'a list of networks such as 203.0.113.0/24', default: [], check: (value) => Array.isArray(value) && value.every((one) => network.test(one)) },
  { key: 'accept_everything_up', help: 'Networks that are reported even if nearly all addresses are up, and only by one device’s answers.', expected: 'a list of networks such as 10.20.30.0/24', default: [], check: (value) => Array.isArray(value) && value.every((one) => network.test(one)) },
  { key: 'allow_large', help: 'Whether subnets of more than 4096 addresses (up to 65536) may be swept.', expected: 'true or false', default: false, check: yesNo },
  { key: 'right_place', help: 'Whether a subnet is left alone at another site than the one where it was found.', expected: 'true or false', default: true, check: yesNo },
  { key: 'battery_level', help: 'On battery, scheduled scans wait below so many percent. 0: never.', expected: 'a whole number from 0 to 100', default: 20, check: whole(0, 100) },
  { key: 'on_metered', help: 'What scheduled scans do on a metered connection: wait, or scan all the same.', expected: 'wait or scan', default: 'wait', check: oneOf('wait', 'scan') },
  { key: 'misses_before_missing', help: 'Scans in a row that must not see an address before it counts as missing.', expected: 'a whole number from 1 to 100', default: 3, check: whole(1, 100) },
  { key: 'report_ipv6', help: 'Whether to report IPv6 hosts. The reference scan server drops a whole report that has one.', expected: 'true or false', default: false, check: yesNo },
  { key: 'ipam_time_zone', help: 'The time zone in which phpIPAM keeps its times.', expected: 'an IANA time zone such as UTC or Europe/Vienna', default: 'UTC', check: text(/^[A-Za-z_]+(\/[A-Za-z_+-]+)*$/) },
  { key: 'epoch_time_offset', help: "Seconds that are added to this machine's clock.", expected: 'a whole number of seconds, up to ten years either way', default: 0, check: whole(-315_360_000, 315_360_000), depot: 3 },
  { key: 'cache_expire_time', help: 'How long what phpIPAM told is used before it is asked again, in seconds.', expected: 'a number of seconds, or a duration such as "30 min", up to ten years', default: 86_400, check: (value) => /^\d+( ?(s|min|h|days?))?$/.test(String(value)) },
  { key: 'keep_history', help: 'How long scans are kept.', expected: 'a duration with its unit, such as "90 days", up to ten years', default: '90 days', check: text(/^\d+ ?(s|min|h|days?)$/) },
  { key: 'log_level', help: 'How much is logged. Customer addresses only at debug.', expected: 'error, warn, info or debug', default: 'info', check: oneOf('error', 'warn', 'info', 'debug') },
  { key: 'notify_findings', help: 'Whether to tell what a run newly finds: unknown, missing or mismatched hosts.', expected: 'true or false', default: true, check: yesNo },
  { key: 'notify_reports', help: 'Whether to tell of reports that the scan server refuses or that phpIPAM does not show.', expected: 'true or false', default: true, check: yesNo },
  { key: 'notify_problems', help: 'Whether to tell of problems that need you.', expected: 'true or false', default: true, check: yesNo },
  { key: 'notify_delivered', help: 'Whether to tell when Fieldscan has been offline for 1 hour, and when late reports have arrived.', expected: 'true or false', default: true, check: yesNo },
  { key: 'update_url', help: 'Where newer versions are looked for, once a day. Nothing is installed.', expected: 'an https URL without user name or fragment', default: null, check: text(/^https:\/\/\S+$/) },
  { key: 'update_key', help: 'The public key that signs what is told there.', expected: 'the base64 line of a minisign public key', default: null, check: text(/^.+$/) },
];

const SECRETS: readonly SecretName[] = ['client_token', 'auth_token', 'client_password'];

/** Settings that can be read, checked and applied. */
export class FakeSettings {
  private readonly set = new Map<string, SettingValue>();
  private readonly secrets = new Map<SecretName, SecretSource>();
  private warnings: Remark[] = [];

  constructor(blank: boolean) {
    if (blank) return;
    for (const key of KEYS) if (key.depot !== undefined) this.set.set(key.key, key.depot);
    this.secrets.set('client_token', 'keychain').set('auth_token', 'keychain');
  }

  document(): SettingsDocument {
    return {
      path: '~/.config/fieldscan/scan_agent.yaml',
      settings: KEYS.map((key): SettingDocument => ({
        key: key.key,
        // The agent's code is nobody's business but phpIPAM's.
        value: key.key === 'scanagent_code' ? null : (this.set.get(key.key) ?? key.default),
        set: this.set.has(key.key) || key.default !== null,
        default: String(this.get(key.key)) === String(key.default),
        default_value: key.default,
        help: key.help,
      })),
      secrets: SECRETS.map((name): SecretDocument => ({ name, source: this.secrets.get(name) ?? null })),
      warnings: this.warnings,
    };
  }

  has(key: string): boolean {
    return this.set.has(key) || this.secrets.has(key as SecretName);
  }

  get(key: string): SettingValue | null {
    return this.set.get(key) ?? KEYS.find((one) => one.key === key)?.default ?? null;
  }

  check(changes: readonly SettingChange[]): Mistake[] {
    const mistakes: Mistake[] = [];
    for (const { key, value } of changes) {
      const known = KEYS.find((one) => one.key === key);
      if (!known) mistakes.push({ key, found: "a key that doesn't exist", expected: 'a known key', expects: 'known-key', nearest: null });
      else if (value !== null && !known.check(value)) mistakes.push({ key, found: JSON.stringify(value), expected: known.expected, expects: 'value' });
    }
    return mistakes;
  }

  apply(changes: readonly SettingChange[]): SettingsDocument {
    for (const { key, value } of changes) {
      if (value === null) this.set.delete(key);
      else this.set.set(key, /^(http_port|epoch_time_offset|misses_before_missing|battery_level)$/.test(key) ? Number(value) : value);
    }
    return this.document();
  }

  setSecret(name: SecretName): SecretSource {
    this.secrets.set(name, 'keychain');
    return 'keychain';
  }

  deleteSecret(name: SecretName): void {
    this.secrets.delete(name);
  }

  /** Reads lines of `key: value`, as far as that goes without a YAML reader. */
  import(yaml: string): ImportDocument {
    const taken: ImportDocument = { settings: [], secrets: [], warnings: [] };
    yaml.split(/\r?\n/).forEach((line, index) => {
      const found = /^\s*([a-z_]+)\s*:\s*(.*?)\s*(#.*)?$/.exec(line);
      const [, key, raw] = found ?? [];
      if (!key || !raw) return;
      const value = raw.replace(/^(["'])(.*)\1$/, '$2');
      if (SECRETS.includes(key as SecretName)) {
        this.setSecret(key as SecretName);
        taken.secrets.push({ name: key as SecretName, kept_in: 'keychain' });
      } else if (KEYS.some((one) => one.key === key)) {
        this.apply([{ key, value }]);
        taken.settings.push(key);
      } else {
        taken.warnings.push({ code: 'unknown-key', line: index + 1, column: 1, key, nearest: null, words: `${index + 1}:1: ${key}: unknown key, not used` });
      }
    });
    this.warnings = taken.warnings;
    return taken;
  }
}

const MINUTE = 60_000;

/** The next five times of a schedule. Of cron, only minutes, hours and days of the week are reckoned. */
export function preview(schedule: string, now: number): SchedulePreview {
  const wrong = (expected: string): SchedulePreview => ({ next: [], mistake: { key: 'schedule', found: JSON.stringify(schedule), expected, expects: 'value' } });
  const expected = 'off, an interval of at least 1 min ("30 min"), or a cron expression of 5 fields (6 with one value for the second first)';
  if (schedule.trim() === 'off') return { next: [], mistake: null };
  const interval = /^(\d+) ?(min|h|days?)$/.exec(schedule.trim());
  if (interval) {
    const every = Number(interval[1]) * (interval[2] === 'min' ? MINUTE : interval[2] === 'h' ? 60 * MINUTE : 1_440 * MINUTE);
    if (every < MINUTE) return wrong(expected);
    const first = Math.floor(now / every) * every + every;
    return { next: Array.from({ length: 5 }, (_, index) => new Date(first + index * every).toISOString()), mistake: null };
  }
  const fields = schedule.trim().split(/\s+/);
  if (fields.length !== 5 || !fields.every((field) => /^[\d*,/-]+$/.test(field))) return wrong(expected);
  const fits = (field: string, value: number) => field.split(',').some((part) => fitsPart(part, value));
  const [minute, hour, , , weekday] = fields as [string, string, string, string, string];
  const next: string[] = [];
  for (let at = Math.floor(now / MINUTE) * MINUTE + MINUTE; next.length < 5 && at < now + 7 * 1_440 * MINUTE; at += MINUTE) {
    const time = new Date(at);
    const day = time.getDay();
    if (fits(minute, time.getMinutes()) && fits(hour, time.getHours()) && (fits(weekday, day) || (day === 0 && fits(weekday, 7)))) next.push(time.toISOString());
  }
  return { next, mistake: null };
}

/** `*`, `5`, `6-19`, each also with a step such as `/2`. */
function fitsPart(part: string, value: number): boolean {
  const [range, step] = part.split('/') as [string, string?];
  const [from, to] = range === '*' ? [0, 59] : (range.split('-').map(Number) as [number, number?]);
  return value >= from && value <= (to ?? from) && (value - from) % Number(step ?? 1) === 0;
}
