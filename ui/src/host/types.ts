// The documents that the agent hands to the window. Their meaning is written down in docs/json.md.

/** An ISO 8601 time. */
export type Time = string;

export type Severity = 'notice' | 'waiting' | 'needs-person';

/** What the network, a subnet or a size is refused for. */
export type Refused =
  | { refusal: 'not-a-network' | 'public' | 'not-unicast' }
  | { refusal: 'large' | 'too-large'; addresses: number }
  | { refusal: 'duplicate'; of: number }
  | { refusal: 'overlaps'; with: number };

/** The facts of every problem, by its code. */
export interface ProblemFacts {
  'setting-missing': { key: string };
  'settings-invalid': { detail: string };
  'secret-missing': { name: string };
  'secret-unreadable': { name: string; detail: string };
  'keychain-unavailable': { detail: string };
  'ipam-unreachable': { detail: string };
  'ipam-certificate': { detail: string };
  'ipam-insecure': object;
  'ipam-token-rejected': { words: string };
  'ipam-token-of-other-app': { words: string };
  'ipam-app-unknown': { words: string };
  'ipam-api-off': { words: string };
  'ipam-blocked': { words: string };
  'ipam-not-found': { detail: string };
  'ipam-failing': { status: number; words: string };
  'ipam-not-understood': { detail: string };
  'agent-code-unknown': object;
  'nothing-assigned': object;
  'not-assigned': { network: string };
  'subnet-gone': { subnet: number };
  'addresses-unknown': { subnet: number };
  'subnet-refused': { subnet: number; cidr: string; refusal: Refused };
  'nmap-missing': object;
  'nmap-unusable': { path: string; program: boolean };
  'nmap-too-old': { found: string; needed: string };
  'nmap-unprivileged': object;
  'nmap-failed': { subnet: number; detail: string };
  'nmap-hung': { subnet: number };
  'no-route': { subnet: number };
  'server-unreachable': { detail: string };
  'server-certificate': { detail: string };
  'server-insecure': object;
  'server-token-rejected': { words: string };
  'report-rejected': { report: number; status: number; words: string };
  'report-damaged': { report: number; detail: string };
  'server-failing': { status: number; words: string };
  'report-partly': { report: number; missing: number; of: number };
  'report-unconfirmed': { report: number };
  'clock-off': { ahead: number; offset: number };
  'disk-full': object;
  'store-set-aside': { path: string };
  'store-failing': { detail: string };
  'schedule-invalid': { detail: string };
}

export type ProblemCode = keyof ProblemFacts;

/** What the other side said, verbatim. */
export interface Said {
  by: string;
  words: string;
}

/** A problem: the code and its facts, and the agent's own words for a code that this window doesn't know. */
export interface ProblemDocument {
  code: string;
  severity: Severity;
  area: string;
  what: string;
  remedy: string;
  said?: Said;
  since?: Time;
  [fact: string]: unknown;
}

export interface Counts {
  known: number;
  unknown: number;
  unseen: number;
  missing: number;
  mismatch: number;
  excluded: number;
  /** Known, unknown and mismatch together. */
  up: number;
}

export type LeftOut = ({ reason: 'folder' | 'parent' | 'no-mask' | 'not-enabled' | 'nothing-known' } | ({ reason: 'refused' } & Refused) | { reason: string }) & {
  words: string;
};

export type Plan = 'sweep' | 'known' | 'left-out';

export interface LastScan {
  finished_at: Time;
  counts: Counts;
  ipam_stale: boolean;
}

export interface SubnetDocument {
  id: number;
  /** `subnet/mask` as phpIPAM has it. */
  cidr: string;
  /** The network, if it is one. */
  network: string | null;
  description: string;
  plan: Plan;
  left_out?: LeftOut;
  last_scan: LastScan | null;
}

export type Stage = 'queued' | 'preparing' | 'scanning' | 'finishing' | 'done' | 'failed';

export interface SubnetProgress {
  subnet: number;
  cidr: string;
  stage: Stage;
  done: number;
  total: number;
  up: number;
}

export type Trigger = 'person' | 'schedule' | 'catch-up';

export interface Progress {
  id: number;
  trigger: Trigger;
  started_at: Time;
  stopping: boolean;
  done: number;
  total: number;
  up: number;
  /** Seconds left, once that can be told. */
  eta_s: number | null;
  subnets: SubnetProgress[];
}

export interface SubnetRunDocument {
  subnet: number;
  cidr: string;
  description: string;
  outcome: 'scanned' | 'left-out' | 'failed' | 'stopped';
  scan?: number;
  counts?: Counts;
  left_out?: LeftOut;
  problem?: ProblemDocument;
}

export interface RunDocument {
  id: number;
  trigger: Trigger;
  started_at: Time;
  /** Null while it goes on, or if the process died. */
  finished_at: Time | null;
  stopped: boolean;
  problem?: ProblemDocument;
  subnets: SubnetRunDocument[];
}

/** Addresses that came, went or changed in one subnet. */
export interface ChangesDocument {
  subnet: number;
  cidr: string;
  new: string[];
  gone: string[];
  changed: string[];
}

export interface RunDetail {
  run: RunDocument;
  changes: ChangesDocument[];
  reports: ReportDocument[];
}

export type Activity = 'idle' | 'scanning' | 'waiting' | 'attention' | 'paused';

export interface Delivery {
  waiting: number;
  /** Whether one is on its way to the scan server right now. */
  sending: boolean;
  sent: number;
  confirmed: number;
  rejected: number;
  doubtful: number;
  next_try: Time | null;
}

/** Rises for a list when it changed and has to be read again. */
export interface Lists {
  addresses: number;
  runs: number;
  reports: number;
  notices: number;
}

/** The state of the agent at one time: everything that a view may show but long lists. */
export interface SnapshotDocument {
  revision: number;
  /** The agent's corrected clock. */
  now: Time;
  headline: string;
  activity: Activity;
  run: Progress | null;
  last_run: RunDocument | null;
  subnets: SubnetDocument[];
  ipam: { fetched_at: Time | null; stale: boolean; offline: boolean };
  delivery: Delivery;
  next_run: Time | null;
  paused: { until: Time | null } | null;
  problems: ProblemDocument[];
  lists: Lists;
}

export type Standing = 'known' | 'unknown' | 'unseen' | 'missing' | 'mismatch' | 'excluded';

export interface Difference {
  field: 'mac' | 'hostname';
  ipam: string;
  seen: string;
}

export interface IpamRecord {
  id: number;
  hostname: string | null;
  mac: string | null;
  description: string | null;
  owner: string | null;
  note: string | null;
  is_gateway: boolean;
  exclude_ping: boolean;
  tag: number | null;
  last_seen: string | null;
  edit_date: string | null;
  custom?: Record<string, string>;
}

export type SeenBy =
  | 'arp-response'
  | 'nd-response'
  | 'echo-reply'
  | 'timestamp-reply'
  | 'addressmask-reply'
  | 'syn-ack'
  | 'reset'
  | 'conn-refused'
  | 'localhost-response'
  | 'other';

export interface Seen {
  up: boolean;
  /** Passed the agent's filter. */
  hostname: string | null;
  /** As the DNS gave it: hostile. */
  ptr: string | null;
  mac: string | null;
  vendor: string | null;
  rtt_ms: number | null;
  seen_by: SeenBy;
  first_at: Time;
  last_at: Time;
  scan: number;
}

export interface AddressDocument {
  ip: string;
  subnet: number;
  /** Null before the first scan. */
  standing: Standing | null;
  /** Scans in a row that did not see it. */
  misses?: number;
  differences?: Difference[];
  ipam: IpamRecord | null;
  seen: Seen | null;
}

export interface AddressesDocument {
  subnet: number;
  fetched_at: Time | null;
  stale: boolean;
  /** In phpIPAM, or seen, or both; in address order. Free addresses are not in it. */
  addresses: AddressDocument[];
}

/** What one scan saw of an address. */
export interface SightingDocument {
  scan: number;
  at: Time;
  standing: Standing | null;
  up: boolean;
  hostname: string | null;
  mac: string | null;
  vendor: string | null;
  rtt_ms: number | null;
  seen_by: SeenBy | null;
}

/** How many hosts one scan of a subnet found. */
export interface HostsAt {
  at: Time;
  up: number;
  counts: Counts;
}

export type Cause = 'server-restarted' | 'server-busy' | 'server-elsewhere' | 'not-assigned' | 'rows-changed' | 'stale-addresses';

/** Where a report is. */
export type ReportState =
  | { state: 'queued' }
  | { state: 'waiting'; tries: number; next_at: Time; problem: ProblemDocument }
  | { state: 'sent'; at: Time; check_at: Time; expected_by: Time; checks: number }
  | { state: 'confirmed'; at: Time }
  | { state: 'partly'; at: Time; missing: string[]; causes: Cause[] }
  | { state: 'unconfirmed'; at: Time; causes: Cause[] }
  | { state: 'rejected'; at: Time; problem: ProblemDocument }
  | { state: 'superseded'; by: number };

/** A step of a report's way. */
export type ReportEvent =
  | { event: 'queued' | 'confirmed' | 'partly' | 'unconfirmed' | 'superseded' | 'retried' }
  | { event: 'sent'; status: number; left_out: number }
  | { event: 'failed' | 'rejected'; problem: ProblemDocument };

export type JourneyStep = ReportEvent & { at: Time; words: string };

export type ReportDocument = ReportState & {
  id: number;
  subnet: number;
  scan: number;
  cidr: string;
  part: number;
  parts: number;
  created_at: Time;
  host_count: number;
  /** Made from addresses that were out of date. */
  stale: boolean;
  words: string;
  /** Likely causes, inferred. */
  probably?: string;
  journey: JourneyStep[];
};

export type ReportDetail = ReportDocument & {
  hosts: string[];
  /** The JSON that is sent, the agent's code masked. */
  body: string;
};

export interface NoticeDocument {
  id: number;
  at: Time;
  category: string;
  title: string;
  text: string;
  /** The page that shows what it is about, such as `reports/12`. */
  page: string;
}

export type SettingValue = boolean | number | string | string[];

export interface SettingDocument {
  key: string;
  /** Null where there is none, or where it is not shown. */
  value: SettingValue | null;
  set: boolean;
  default: SettingValue | null;
  help: string;
}

export type SecretName = 'client_token' | 'auth_token' | 'client_password';
export type SecretSource = 'environment' | 'credentials-directory' | 'keychain';

export interface SecretDocument {
  name: SecretName;
  source: SecretSource | null;
  problem: ProblemDocument | null;
}

export interface SettingsDocument {
  path: string;
  settings: SettingDocument[];
  secrets: SecretDocument[];
  warnings: string[];
}

/** A value that somebody typed for a key. The agent reads it as it would read the file. */
export interface SettingChange {
  key: string;
  /** Null takes the setting out, so that the default counts. */
  value: SettingValue | null;
}

export interface Mistake {
  key: string;
  found: string;
  expected: string;
}

export interface SchedulePreview {
  /** The next five times; none if there is a mistake, or the schedule is off. */
  next: Time[];
  mistake: Mistake | null;
}

export interface ImportDocument {
  /** The keys that were taken over. */
  settings: string[];
  secrets: { name: SecretName; kept_in: 'keychain' | 'outside' | 'nowhere' }[];
  warnings: string[];
}

export type StepId =
  | 'settings'
  | 'keychain'
  | 'reachable'
  | 'tls'
  | 'token'
  | 'agent-code'
  | 'subnets'
  | 'scan-server'
  | 'nmap'
  | 'privileges'
  | 'clock';

/** All steps, in the order in which they are tried. */
export const STEPS: readonly StepId[] = [
  'settings',
  'keychain',
  'reachable',
  'tls',
  'token',
  'agent-code',
  'subnets',
  'scan-server',
  'nmap',
  'privileges',
  'clock',
];

export interface DoctorStep {
  id: StepId;
  title: string;
  outcome: 'ok' | 'warning' | 'failed' | 'not-tried';
  detail: string | null;
  problem: ProblemDocument | null;
  /** The step that comes first. */
  because: StepId | null;
}

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

export interface LogLine {
  /** Rises from line to line. */
  number: number;
  at: Time;
  level: LogLevel;
  target: string;
  text: string;
}

export type ExportFormat = 'csv' | 'json' | 'xml';

export interface Privileges {
  mode: 'raw' | 'helper' | 'connect';
  words: string;
  remedy?: string;
}

export interface About {
  version: string;
  data_dir: string;
  config_path: string;
  log_dir: string;
}

export type ScanScope = { all: true } | { subnets: number[] };
export type PauseUntil = '1h' | 'tomorrow' | 'resumed';

/** Why a command could not be done. Every promise of the host rejects with one. */
export interface Refusal {
  code: string;
  what: string;
  remedy: string;
  detail?: string;
}
