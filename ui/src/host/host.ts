// The only door to the agent. `tauri.ts` and `fake/` both have this type.

import type {
  About,
  AddressesDocument,
  ChangesDocument,
  DoctorStep,
  ExportFormat,
  HostsAt,
  ImportDocument,
  LogLevel,
  LogLine,
  Mistake,
  NoticeDocument,
  PauseUntil,
  Privileges,
  Refusal,
  ReportDetail,
  ReportDocument,
  RunDetail,
  RunDocument,
  ScanScope,
  SchedulePreview,
  SecretName,
  SecretSource,
  SettingChange,
  SettingsDocument,
  SightingDocument,
  SnapshotDocument,
} from './types';

/** Ends a subscription. */
export type Stop = () => void;

/** A subnet's addresses, those that need a look first. */
export interface Addresses extends AddressesDocument {
  /** So many, from the first, are there with all that is known of them. Of the others there is the standing alone: the rest is on its way. */
  told: number;
}

/** What the agent can be told and asked. Every promise rejects with a `Refusal`, and with nothing else. */
export interface Host {
  /** Each new snapshot, at most four a second. */
  onSnapshot(tell: (snapshot: SnapshotDocument) => void): Stop;
  /** A page that somebody asked for outside the window: in the tray, or in a notification. */
  onShowPage(tell: (page: string) => void): Stop;

  snapshot(): Promise<SnapshotDocument>;
  scan(scope: ScanScope, refresh: boolean): Promise<void>;
  stop(): Promise<void>;
  refresh(): Promise<void>;
  pause(until: PauseUntil): Promise<void>;
  resume(): Promise<void>;
  quit(): Promise<void>;

  /** Those of a large subnet take a moment: what there is of them sooner goes to `ahead`. */
  addresses(subnet: number, ahead?: (some: Addresses) => void): Promise<Addresses>;
  /** Newest first. */
  addressHistory(subnet: number, ip: string): Promise<SightingDocument[]>;
  /** Oldest first. */
  hostsOverTime(subnet: number, days: number): Promise<HostsAt[]>;

  /** Newest first. */
  runs(limit: number): Promise<RunDocument[]>;
  run(id: number): Promise<RunDetail>;
  /** What is different in `b` from `a`. */
  compareRuns(a: number, b: number): Promise<ChangesDocument[]>;

  /** Newest first. */
  reports(): Promise<ReportDocument[]>;
  report(id: number): Promise<ReportDetail>;
  /** Sends one report again, or with null all that wait or were rejected. */
  retry(report: number | null): Promise<void>;

  /** Newest first. */
  notices(): Promise<NoticeDocument[]>;

  settings(): Promise<SettingsDocument>;
  /** What is wrong with values, without writing anything. */
  checkSettings(changes: SettingChange[]): Promise<Mistake[]>;
  applySettings(changes: SettingChange[]): Promise<SettingsDocument>;
  previewSchedule(text: string): Promise<SchedulePreview>;
  setSecret(name: SecretName, value: string): Promise<SecretSource>;
  deleteSecret(name: SecretName): Promise<void>;
  /** Takes the settings of a `scan_agent.yaml` over; its secrets go to the keychain. */
  importSettings(text: string): Promise<ImportDocument>;
  /** Tries every step. Each of this test goes to `ended` as it ends. */
  testEverything(ended?: (step: DoctorStep) => void): Promise<DoctorStep[]>;
  autostart(): Promise<boolean>;
  setAutostart(on: boolean): Promise<void>;

  /** Lines of this level and graver, after the line with that number. */
  logs(level: LogLevel, after: number): Promise<LogLine[]>;
  /** The file that was written; null if the person thought better of it. */
  exportSubnet(subnet: number, format: ExportFormat): Promise<string | null>;
  exportDiagnostics(): Promise<string | null>;
  openInIpam(subnet: number, ip: string | null): Promise<void>;
  privileges(): Promise<Privileges>;
  about(): Promise<About>;
}

/** Whatever a promise was rejected with, as a refusal. */
export function refusalOf(reason: unknown): Refusal {
  if (typeof reason === 'object' && reason !== null && 'code' in reason && 'what' in reason && 'remedy' in reason) {
    return reason as Refusal;
  }
  const detail = reason instanceof Error ? reason.message : String(reason);
  return { code: 'internal', what: '', remedy: '', detail };
}
