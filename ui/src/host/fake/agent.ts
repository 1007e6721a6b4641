// The fake agent: answers every question of the host, and lives: scans run, reports are sent and confirmed.

import type { Addresses, Host, Stop } from '../host';
import type {
  Activity,
  AddressDocument,
  DoctorStep,
  LogLevel,
  NoticeDocument,
  PauseUntil,
  Progress,
  ProblemDocument,
  Refusal,
  ReportDocument,
  RunDocument,
  ScanScope,
  SecretName,
  SettingChange,
  SnapshotDocument,
  SubnetDocument,
  Update,
} from '../types';
import { examine } from './doctor';
import { linesOf } from './logs';
import { noticesOf } from './notices';
import type { Options } from './options';
import { problemsOf } from './problem';
import { deliveryOf, detailOf, movedOn, reportOf, reportsOf, retried } from './reports';
import { changesOf, runsOf } from './runs';
import { advanced, begun, ended, scanOf } from './scanning';
import { overTime, sightingsOf } from './seen';
import { FakeSettings, preview } from './settings';
import { HOSTILE, leftOutOf, siteOf, type FakeSubnet } from './site';
import { iso, MINUTE } from './time';

const TICK = 250;
/** So many addresses come in full where the rest is on its way. */
const AHEAD = 2_048;
/** Thursday 12 March 2026, 14:12 in Berlin. */
const START = Date.parse('2026-03-12T13:12:00Z');

export class FakeAgent implements Host {
  private readonly start: number;
  private readonly began = Date.now();
  private readonly scannedAt: number;
  private readonly settingsKept: FakeSettings;
  private subnets: FakeSubnet[];
  private readonly scanned = new Map<number, number>();
  private readonly allRuns: RunDocument[];
  private allReports: ReportDocument[];
  private allNotices: NoticeDocument[];
  private problems: ProblemDocument[];
  private run_: Progress | null = null;
  private paused: { until: string | null } | null = null;
  private offline: boolean;
  private stale: boolean;
  private fetching = false;
  private fetchedAt: number | null;
  private starts = true;
  private revision = 1;
  private readonly lists = { addresses: 1, runs: 1, reports: 1, notices: 1 };
  private readonly snapshotTellers = new Set<(snapshot: SnapshotDocument) => void>();
  private readonly pageTellers = new Set<(page: string) => void>();
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly options: Options) {
    const { states } = options;
    this.offline = states.has('offline');
    this.stale = states.has('stale');
    this.start = this.offline ? START + 116 * MINUTE : START;
    this.scannedAt = this.offline ? Date.parse('2026-03-12T15:01:44Z') : Date.parse('2026-03-12T13:01:42Z');
    this.fetchedAt = this.stale ? START - 1_514 * MINUTE : this.offline ? this.start - 127 * MINUTE : START - 14 * MINUTE;
    this.settingsKept = new FakeSettings(states.has('first-run'));
    if (states.has('first-run')) this.fetchedAt = null;
    this.subnets = siteOf(options, this.scannedAt);
    const never = states.has('never-scanned');
    if (!never) for (const subnet of this.subnets) if (subnet.plan !== 'left-out') this.scanned.set(subnet.id, this.scannedAt);
    this.allRuns = never ? [] : runsOf(this.subnets, this.scannedAt, 300);
    this.allReports = never ? [] : reportsOf(options, this.subnets, this.scannedAt, this.start);
    this.problems = problemsOf(states, this.start);
    this.allNotices = this.subnets.length === 0 ? [] : noticesOf(this.scannedAt);
    if (states.has('paused')) this.paused = { until: iso(this.start + 60 * MINUTE) };
    if (states.has('running')) this.beginWith({ all: true }, 891);
    if (this.run_ && this.paused) this.run_ = { ...this.run_, held: true };
  }

  // Subscriptions

  onSnapshot(tell: (snapshot: SnapshotDocument) => void): Stop {
    this.snapshotTellers.add(tell);
    this.live();
    return () => {
      this.snapshotTellers.delete(tell);
      if (this.snapshotTellers.size === 0) clearInterval(this.timer);
    };
  }

  onShowPage(tell: (page: string) => void): Stop {
    this.pageTellers.add(tell);
    return () => this.pageTellers.delete(tell);
  }

  /** As the tray does. */
  showPage(page: string): void {
    for (const tell of this.pageTellers) tell(page);
  }

  // Commands

  async snapshot(): Promise<SnapshotDocument> {
    if (this.options.states.has('loading')) return never();
    return this.present();
  }

  async scan(scope: ScanScope): Promise<void> {
    // Nothing is refused: why there is no scan, the snapshot says.
    if (this.run_ || this.subnets.length === 0) return;
    this.beginWith(scope, 0);
    this.changed();
  }

  async stop(): Promise<void> {
    if (!this.run_) return;
    this.run_ = { ...this.run_, stopping: true };
    this.changed();
  }

  async refresh(): Promise<void> {
    // The answer is there before phpIPAM's is. That it can't be reached is among the problems.
    this.fetching = true;
    this.changed();
    void later(500 / this.options.speed).then(() => this.refreshed());
  }

  private refreshed(): void {
    this.fetching = false;
    if (this.offline) return this.changed();
    this.fetchedAt = this.now();
    this.stale = false;
    if (this.subnets.length === 0 && this.options.states.has('first-run')) this.assign();
    this.lists.addresses += 1;
    this.changed();
  }

  async pause(until: PauseUntil): Promise<void> {
    const times: Record<PauseUntil, string | null> = { '1h': iso(this.now() + 60 * MINUTE), tomorrow: iso(Date.parse('2026-03-13T05:00:00Z')), resumed: null };
    this.paused = { until: times[until] };
    if (this.run_) this.run_ = { ...this.run_, held: true };
    this.changed();
  }

  async resume(): Promise<void> {
    this.paused = null;
    if (this.run_) this.run_ = { ...this.run_, held: false };
    this.changed();
  }

  async quit(): Promise<void> {}

  async retry(id: number | null): Promise<void> {
    const at = this.now();
    this.allReports = this.allReports.map((report) => {
      const asked = id === null ? report.state === 'waiting' || report.state === 'rejected' : report.id === id;
      return asked ? retried(report, this.subnetOf(report.subnet), at) : report;
    });
    this.lists.reports += 1;
    this.changed();
  }

  // Questions

  async addresses(subnet: number, ahead?: (some: Addresses) => void): Promise<Addresses> {
    await this.answers();
    const rows = this.rowsOf(subnet);
    const document = { subnet, fetched_at: this.fetchedAt === null ? null : iso(this.fetchedAt), stale: this.stale };
    if (this.options.states.has('arriving') && rows.length > AHEAD) {
      ahead?.({ ...document, addresses: rows.map((row, index) => (index < AHEAD ? row : { ...row, ipam: null, seen: null })), told: AHEAD });
      return never();
    }
    return { ...document, addresses: rows, told: rows.length };
  }

  async addressHistory(subnet: number, ip: string) {
    await this.answers();
    if (!this.scanned.has(subnet)) return [];
    const row = this.subnetOf(subnet).addresses().find((one) => one.ip === ip);
    return row ? sightingsOf(row, this.scannedAt) : [];
  }

  async hostsOverTime(subnet: number, days: number) {
    await this.answers();
    return this.scanned.has(subnet) ? overTime(this.subnetOf(subnet), days, this.scannedAt) : [];
  }

  async runs(limit: number) {
    await this.answers();
    return this.allRuns.slice(0, limit);
  }

  async run(id: number) {
    await this.answers();
    const run = this.allRuns.find((one) => one.id === id);
    if (!run) throw refusal('no-such-run', `There is no run ${id}.`, 'It may be older than the history that is kept.');
    return { run, changes: changesOf(run, this.subnets), reports: this.allReports.filter((report) => Math.abs(Date.parse(report.created_at) - Date.parse(run.finished_at ?? run.started_at)) < 5 * MINUTE) };
  }

  async compareRuns(a: number, b: number) {
    await this.answers();
    const [first, second] = [this.allRuns.find((one) => one.id === a), this.allRuns.find((one) => one.id === b)];
    if (!first || !second) throw refusal('no-such-run', 'One of the runs is no longer there.', 'Choose two that are listed.');
    return changesOf({ ...second, id: a === b ? 3 : 2 }, this.subnets);
  }

  async reports() {
    await this.answers();
    return this.allReports;
  }

  async report(id: number) {
    await this.answers();
    const report = this.allReports.find((one) => one.id === id);
    if (!report) throw refusal('no-such-report', `There is no report ${id}.`, 'It may be older than the history that is kept.');
    return detailOf(report, this.subnets.find((one) => one.id === report.subnet));
  }

  async notices() {
    await this.answers();
    return this.allNotices;
  }

  async settings() {
    await this.answers();
    return this.settingsKept.document();
  }

  async checkSettings(changes: SettingChange[]) {
    return this.settingsKept.check(changes);
  }

  async applySettings(changes: SettingChange[]) {
    const [mistake] = this.settingsKept.check(changes);
    if (mistake) throw refusal('settings-invalid', 'The settings can’t be used.', 'Correct what is marked; nothing in the file was changed.', `${mistake.key}: found ${mistake.found}, expected ${mistake.expected}`);
    const document = this.settingsKept.apply(changes);
    this.settled();
    return document;
  }

  async previewSchedule(text: string) {
    return preview(text, this.now());
  }

  async setSecret(name: SecretName) {
    const source = this.settingsKept.setSecret(name);
    this.settled();
    return source;
  }

  async deleteSecret(name: SecretName) {
    this.settingsKept.deleteSecret(name);
    this.changed();
  }

  async importSettings(text: string) {
    const taken = this.settingsKept.import(text);
    if (taken.settings.length + taken.secrets.length === 0) throw refusal('import-nothing', 'Nothing in this text is a setting of a scan agent.', 'Paste the whole text of a scan_agent.yaml, with its keys.');
    this.settled();
    return taken;
  }

  async testEverything(ended?: (step: DoctorStep) => void) {
    const wrong = new Set<'server-token' | 'offline' | 'privileges'>();
    if (this.offline) wrong.add('offline');
    if (this.options.states.has('attention')) wrong.add('server-token').add('privileges');
    const steps = examine(this.settingsKept, wrong);
    for (const step of steps) {
      await later(220 / this.options.speed);
      ended?.(step);
    }
    if (!wrong.has('offline') && steps.find((step) => step.id === 'subnets')?.outcome === 'ok' && this.subnets.length === 0) this.assign();
    return steps;
  }

  async autostart() {
    return this.starts;
  }

  async setAutostart(on: boolean) {
    this.starts = on;
  }

  async logs(level: LogLevel, after: number) {
    await this.answers();
    return linesOf(level, after, this.start, this.now());
  }

  async exportSubnet(subnet: number, format: string) {
    return `~/Documents/${this.subnetOf(subnet).cidr.replace('/', '_')}.${format}`;
  }

  async exportDiagnostics() {
    return '~/Documents/fieldscan-diagnostics.zip';
  }

  async openInIpam() {}

  async privileges() {
    return this.options.states.has('attention')
      ? { mode: 'connect' as const, words: 'nmap may not send raw packets: fewer hosts are found, and no MACs.', remedy: 'sudo fieldscan grant' }
      : { mode: 'helper' as const, words: 'Raw packets through fieldscan-nmap.' };
  }

  async about() {
    return { version: '0.1.0', data_dir: '~/.local/share/fieldscan', config_path: this.settingsKept.document().path, log_dir: '~/.local/state/fieldscan', update: this.update() };
  }

  /** What was learned of newer versions, where somebody looks. */
  private update(): Update | null {
    const { states } = this.options;
    if (!states.has('update')) return null;
    const looked_at = iso(this.start - 3 * 60 * MINUTE);
    if (this.offline) return { looked_at, newer: null, notes: null, page: null, failed: 'The server can’t be reached: operation timed out' };
    if (states.has('right')) return { looked_at, newer: null, notes: null, page: null, failed: null };
    const notes = states.has('hostile') ? HOSTILE.join(' ') : 'Scans of large subnets take half the time.';
    return { looked_at, newer: '0.2.0', notes, page: 'https://fieldscan.example.net/releases/0.2.0', failed: null };
  }

  // How it lives

  private now(): number {
    return this.options.frozen ? this.start : this.start + (Date.now() - this.began);
  }

  private async answers(): Promise<void> {
    if (this.options.states.has('loading')) await never();
    if (this.options.states.has('error')) throw refusal('store-failing', 'The database can’t be read or written.', 'Check the permissions and the disk of the data folder.', 'disk I/O error');
  }

  /** Before the first scan, only what phpIPAM has. */
  private rowsOf(id: number): AddressDocument[] {
    const rows = this.subnets.find((one) => one.id === id)?.addresses() ?? [];
    if (this.scanned.has(id)) return rows;
    return rows.filter((row) => row.ipam).map((row) => ({ ip: row.ip, subnet: row.subnet, standing: row.standing === 'excluded' ? row.standing : null, ipam: row.ipam, seen: null }));
  }

  private subnetOf(id: number): FakeSubnet {
    const found = this.subnets.find((subnet) => subnet.id === id);
    if (!found) throw refusal('not-assigned', `Subnet ${id} is not assigned to this scan agent.`, 'Assign it in phpIPAM, then refresh.');
    return found;
  }

  private live(): void {
    clearInterval(this.timer);
    if (this.options.frozen && !this.run_) this.timer = setInterval(() => this.run_ && !this.options.states.has('running') && this.advance(), TICK);
    else if (!this.options.frozen) this.timer = setInterval(() => this.advance(), TICK);
  }

  private beginWith(scope: ScanScope, done: number): void {
    const subnets = this.subnets.filter((subnet) => 'all' in scope || scope.subnets.includes(subnet.id));
    this.run_ = begun((this.allRuns[0]?.id ?? 0) + 1, subnets, this.now(), done);
    for (const part of this.run_.subnets) if (part.stage === 'done' && part.total > 0) this.scanned.set(part.subnet, this.now());
  }

  /** What a quarter of a second changes. */
  private advance(): void {
    this.deliver();
    const run = this.run_;
    if (!run) return;
    if (run.stopping) return this.finish(run, true);
    if (run.held) return;
    const next = advanced(run, TICK, this.options.speed, (id) => this.subnetOf(id).counts.up);
    for (const [index, part] of next.subnets.entries()) {
      if (part.stage !== 'done' || run.subnets[index]?.stage === 'done') continue;
      this.scanned.set(part.subnet, this.now());
      this.lists.addresses += 1;
    }
    this.run_ = next;
    if (next.done === next.total) this.finish(next, false);
    this.changed();
  }

  private finish(run: Progress, stopped: boolean): void {
    this.run_ = null;
    const at = this.now();
    this.allRuns.unshift(ended(run, at, stopped, (id) => this.subnetOf(id)));
    for (const part of run.subnets) {
      if (part.stage !== 'done' || part.total === 0 || part.cidr.includes(':')) continue;
      const id = Math.max(0, ...this.allReports.map((report) => report.id)) + 1;
      this.allReports.unshift({ ...reportOf(id, this.subnetOf(part.subnet), at, { state: 'queued' }), scan: scanOf(run.id, part.subnet) });
    }
    this.lists.runs += 1;
    this.lists.reports += 1;
    this.changed();
  }

  /** Reports move one station on, some seconds apart. */
  private deliver(): void {
    const reports = this.allReports.map((report) => movedOn(report, this.now(), 3_000 / this.options.speed, this.offline));
    if (reports.every((report, index) => report === this.allReports[index])) return;
    this.allReports = reports;
    this.lists.reports += 1;
    this.changed();
  }

  /** Settings or secrets changed: with all that is needed, the problem of it goes. */
  private settled(): void {
    const ready = ['api_url', 'client_name', 'scanagent_code', 'client_token'].every((key) => this.settingsKept.has(key));
    if (ready) this.problems = this.problems.filter((one) => one.code !== 'setting-missing' && one.code !== 'secret-missing');
    this.changed();
  }

  private assign(): void {
    this.subnets = siteOf({ ...this.options, states: new Set() }, this.scannedAt);
    this.fetchedAt = this.now();
    this.lists.addresses += 1;
    this.changed();
  }

  private changed(): void {
    this.revision += 1;
    const snapshot = this.present();
    for (const tell of this.snapshotTellers) tell(snapshot);
  }

  private present(): SnapshotDocument {
    const delivery = deliveryOf(this.allReports, this.offline, this.options.states.has('right'));
    const activity: Activity = this.run_ && !this.run_.held
      ? 'scanning'
      : this.problems.some((one) => one.severity === 'needs-person')
        ? 'attention'
        : this.paused || this.run_
          ? 'paused'
          : this.offline || delivery.waiting > 0
            ? 'waiting'
            : 'idle';
    const scheduled = this.settingsKept.get('schedule') !== 'off' && !this.paused;
    return {
      revision: this.revision,
      now: iso(this.now()),
      headline: '',
      activity,
      run: this.run_,
      last_run: this.allRuns[0] ?? null,
      subnets: this.subnets.map((subnet) => this.subnetDocument(subnet)),
      ipam: { fetched_at: this.fetchedAt === null ? null : iso(this.fetchedAt), stale: this.stale, offline: this.offline, fetching: this.fetching },
      delivery,
      next_run: scheduled ? (preview(String(this.settingsKept.get('schedule')), this.now()).next[0] ?? null) : null,
      paused: this.paused,
      held: this.options.states.has('held') ? { reason: 'battery', percent: 14, words: 'Scheduled scans wait for power: the battery is at 14 %.' } : null,
      surroundings: { online: !this.offline, metered: false, battery: null, here: null },
      problems: this.problems,
      lists: { ...this.lists },
    };
  }

  private subnetDocument(subnet: FakeSubnet): SubnetDocument {
    const at = this.scanned.get(subnet.id);
    return {
      id: subnet.id,
      cidr: subnet.cidr,
      network: subnet.cidr,
      description: subnet.description,
      plan: subnet.plan,
      ...(subnet.leftOut ? { left_out: leftOutOf(subnet) } : {}),
      last_scan: at === undefined ? null : { finished_at: iso(at), counts: subnet.counts, ipam_stale: this.stale, rights: 'helper' },
    };
  }
}

function refusal(code: string, what: string, remedy: string, detail?: string): Refusal {
  return detail === undefined ? { code, what, remedy } : { code, what, remedy, detail };
}

const later = (wait: number) => new Promise<void>((done) => setTimeout(done, wait));
const never = () => new Promise<never>(() => {});