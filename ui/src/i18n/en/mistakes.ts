// What the agent expects of a setting, and what it remarks on a settings file. The agent sends facts; keys are those of its table.

/** What each key takes, in words that follow “Expected:”. */
const values: Record<string, string> = {
  api_url: 'an http or https URL without user name, query or fragment',
  client_name: 'a name without white space, slash, ? or #',
  client_user: 'a user name on one line',
  scanagent_code: 'the agent’s code on one line',
  http_server: 'an http or https URL of a host without path, user name or query',
  http_port: 'a port from 1 to 65535',
  ca_file: 'the absolute path of a PEM file',
  schedule: 'off, an interval of at least 1 min (“30 min”), or a cron expression of 5 fields (6 with one value for the second first)',
  schedule_jitter: 'a duration with its unit, such as “1 min”',
  profile: 'gentle, normal or fast',
  allow_public: 'networks such as 203.0.113.0/24',
  allow_large: 'on or off',
  accept_everything_up: 'networks such as 10.20.30.0/24',
  right_place: 'on or off',
  battery_level: 'a whole number from 0 to 100',
  on_metered: 'wait or scan',
  misses_before_missing: 'a whole number from 1 to 100',
  report_ipv6: 'on or off',
  ipam_time_zone: 'an IANA time zone such as UTC or Europe/Vienna',
  epoch_time_offset: 'a whole number of seconds, up to ten years either way',
  cache_expire_time: 'a number of seconds, or a duration such as “30 min”, up to ten years',
  keep_history: 'a duration with its unit, such as “90 days”, up to ten years',
  log_level: 'error, warn, info or debug',
  notify_findings: 'on or off',
  notify_reports: 'on or off',
  notify_problems: 'on or off',
  notify_delivered: 'on or off',
  update_url: 'an https URL without user name or fragment',
  update_key: 'the base64 line of a minisign public key',
};

export const mistakes = {
  values,
  /** Something with bits beside its mask is one of these. */
  network: (network: string, address: string) => `${network} or ${address}`,
  port: (port: number) => `no port in it, or ${port} as under Port`,
  knownKey: 'a setting that exists',
  knownKeyNear: (nearest: string) => `a setting that exists, such as ${nearest}`,
  noSecret: 'nothing here: tokens and passwords have fields of their own',
  byHand: 'lines like “key: value” in the settings file; change it there by hand',

  unknownKey: (line: number, key: string) => `Line ${line}: ${key} is not known here and not used.`,
  unknownKeyNear: (line: number, key: string, nearest: string) => `Line ${line}: ${key} is not known here and not used. ${nearest} may be meant.`,
  noName: (line: number) => `Line ${line}: what stands there is not the name of a setting and not used.`,
};
