import type { mistakes as en } from '../en/mistakes';

/** In Worten, die auf „Erwartet:“ folgen. Was getippt werden muss, bleibt, wie der Agent es nimmt. */
const values: typeof en.values = {
  api_url: 'eine http- oder https-URL ohne Benutzernamen, Abfrage oder Fragment',
  client_name: 'ein Name ohne Leerraum, Schrägstrich, ? oder #',
  client_user: 'ein Benutzername in einer Zeile',
  scanagent_code: 'der Code des Agenten in einer Zeile',
  http_server: 'die http- oder https-URL eines Hosts ohne Pfad, Benutzernamen oder Abfrage',
  http_port: 'ein Port von 1 bis 65535',
  ca_file: 'der absolute Pfad einer PEM-Datei',
  schedule: 'off, ein Abstand von mindestens 1 min („30 min“) oder ein Cron-Ausdruck mit 5 Feldern (6 mit einem Wert für die Sekunde davor)',
  schedule_jitter: 'eine Dauer mit ihrer Einheit, etwa „1 min“',
  profile: 'gentle, normal oder fast',
  allow_public: 'Netze wie 203.0.113.0/24',
  allow_large: 'an oder aus',
  accept_everything_up: 'Netze wie 10.20.30.0/24',
  right_place: 'an oder aus',
  battery_level: 'eine ganze Zahl von 0 bis 100',
  on_metered: 'wait oder scan',
  misses_before_missing: 'eine ganze Zahl von 1 bis 100',
  report_ipv6: 'an oder aus',
  ipam_time_zone: 'eine IANA-Zeitzone wie UTC oder Europe/Vienna',
  epoch_time_offset: 'eine ganze Zahl von Sekunden, bis zu zehn Jahre vor oder zurück',
  cache_expire_time: 'eine Zahl von Sekunden oder eine Dauer wie „30 min“, bis zu zehn Jahre',
  keep_history: 'eine Dauer mit ihrer Einheit, etwa „90 days“, bis zu zehn Jahre',
  log_level: 'error, warn, info oder debug',
  notify_findings: 'an oder aus',
  notify_reports: 'an oder aus',
  notify_problems: 'an oder aus',
  notify_delivered: 'an oder aus',
  update_url: 'eine https-URL ohne Benutzernamen oder Fragment',
  update_key: 'die base64-Zeile eines öffentlichen minisign-Schlüssels',
};

export const mistakes: typeof en = {
  values,
  network: (network, address) => `${network} oder ${address}`,
  port: (port) => `kein Port darin oder ${port} wie unter Port`,
  knownKey: 'eine Einstellung, die es gibt',
  knownKeyNear: (nearest) => `eine Einstellung, die es gibt, etwa ${nearest}`,
  noSecret: 'nichts: Tokens und Passwörter haben eigene Felder',
  byHand: 'Zeilen wie „key: value“ in der Einstellungsdatei; ändern Sie es dort von Hand',

  unknownKey: (line, key) => `Zeile ${line}: ${key} ist hier unbekannt und wird nicht verwendet.`,
  unknownKeyNear: (line, key, nearest) => `Zeile ${line}: ${key} ist hier unbekannt und wird nicht verwendet. Vielleicht ist ${nearest} gemeint.`,
  noName: (line) => `Zeile ${line}: Was dort steht, ist kein Name einer Einstellung und wird nicht verwendet.`,
};
