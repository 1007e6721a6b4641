// The documents that the agent hands to the window. Made from the agent's own types; their meaning is written down in docs/json.md.

import type { AddressDocument } from './bindings/AddressDocument';
import type { JourneyStep } from './bindings/JourneyStep';
import type { Problem } from './bindings/Problem';
import type { ReportDocument } from './bindings/ReportDocument';
import type { SecretDocument } from './bindings/SecretDocument';
import type { StepId } from './bindings/StepId';
import type { SubnetDocument } from './bindings/SubnetDocument';

export type { About } from './bindings/About';
export type { Activity } from './bindings/Activity';
export type { AddressDocument } from './bindings/AddressDocument';
export type { AddressesDocument } from './bindings/AddressesDocument';
export type { Category } from './bindings/Category';
export type { Cause } from './bindings/Cause';
export type { ChangesDocument } from './bindings/ChangesDocument';
export type { Counts } from './bindings/Counts';
export type { Delivery } from './bindings/Delivery';
export type { Difference } from './bindings/Difference';
export type { DoctorFound } from './bindings/DoctorFound';
export type { DoctorStep } from './bindings/DoctorStep';
export type { ExportFormat } from './bindings/ExportFormat';
export type { Held } from './bindings/Held';
export type { HostsAt } from './bindings/HostsAt';
export type { ImportDocument } from './bindings/ImportDocument';
export type { IpamRecord } from './bindings/IpamRecord';
export type { JourneyStep } from './bindings/JourneyStep';
export type { LastScan } from './bindings/LastScan';
export type { LeftOutWhy } from './bindings/LeftOutWhy';
export type { Lists } from './bindings/Lists';
export type { LogLevel } from './bindings/LogLevel';
export type { LogLine } from './bindings/LogLine';
export type { Mistake } from './bindings/Mistake';
export type { NoticeCounts } from './bindings/NoticeCounts';
export type { NoticeDocument } from './bindings/NoticeDocument';
export type { NoticeFacts } from './bindings/NoticeFacts';
export type { Privileges } from './bindings/Privileges';
export type { Problem } from './bindings/Problem';
export type { ProblemDocument } from './bindings/ProblemDocument';
export type { Progress } from './bindings/Progress';
export type { Refusal } from './bindings/Refusal';
export type { Refused } from './bindings/Refused';
export type { Remark } from './bindings/Remark';
export type { ReportDetail } from './bindings/ReportDetail';
export type { ReportDocument } from './bindings/ReportDocument';
export type { RunDetail } from './bindings/RunDetail';
export type { RunDocument } from './bindings/RunDocument';
export type { Said } from './bindings/Said';
export type { ScanScope } from './bindings/ScanScope';
export type { SchedulePreview } from './bindings/SchedulePreview';
export type { SecretDocument } from './bindings/SecretDocument';
export type { Seen } from './bindings/Seen';
export type { SeenBy } from './bindings/SeenBy';
export type { SettingChange } from './bindings/SettingChange';
export type { SettingDocument } from './bindings/SettingDocument';
export type { SettingValue } from './bindings/SettingValue';
export type { SettingsDocument } from './bindings/SettingsDocument';
export type { SettingsSection } from './bindings/SettingsSection';
export type { Severity } from './bindings/Severity';
export type { SightingDocument } from './bindings/SightingDocument';
export type { SnapshotDocument } from './bindings/SnapshotDocument';
export type { Stage } from './bindings/Stage';
export type { StepId } from './bindings/StepId';
export type { SubnetDocument } from './bindings/SubnetDocument';
export type { SubnetProgress } from './bindings/SubnetProgress';
export type { SubnetRun } from './bindings/SubnetRun';
export type { Trigger } from './bindings/Trigger';
export type { Update } from './bindings/Update';

/** An ISO 8601 time. */
export type Time = string;

export type Standing = NonNullable<AddressDocument['standing']>;
export type Plan = SubnetDocument['plan'];
export type SecretName = SecretDocument['name'];
export type SecretSource = NonNullable<SecretDocument['source']>;
export type PauseUntil = '1h' | 'tomorrow' | 'resumed';

export type ProblemCode = Problem['code'];
/** The facts of every problem, by its code. */
export type ProblemFacts = { [Of in Problem as Of['code']]: Omit<Of, 'code'> };

/** Where a report is, without what every report has. */
export type ReportState = Without<ReportDocument, 'id' | 'subnet' | 'scan' | 'cidr' | 'part' | 'parts' | 'created_at' | 'host_count' | 'stale' | 'words' | 'probably' | 'journey' | 'hosts'>;
/** A step of a report's way, without its time and words. */
export type ReportEvent = Without<JourneyStep, 'at' | 'words'>;

/** `Omit` for each member of a union. */
type Without<Union, Keys extends PropertyKey> = Union extends unknown ? Omit<Union, Keys> : never;

/** All steps of “Test everything”, in the order in which they are tried. */
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
