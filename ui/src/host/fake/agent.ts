// The fake agent: answers every question of the host, and lives: scans run, reports are sent and confirmed.

import type { Addresses, Host, Stop } from '../host';
import type {
  Activity,
  AddressDocument,
  DoctorStep,
  LeftOutWhy,
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
  SightingDocument,
  SnapshotDocument,
  SubnetDocument,
  Update,
} from '../types';
import { examine } from './doctor';
import { linesOf } from './logs';
import { networkOf } from './network';
import type { Options } from './options';
import { problem, serverSaid, systemSaid } from './problem';
import { detailOf, reportOf, reportsOf } from './reports';
import { changesOf, runsOf } from './runs';
import { FakeSettings, preview } from './settings';
import { countsOf, HOSTILE, siteOf, type FakeSubnet } from './site';

const MINUTE = 60_000;
const TICK = 250;
/** So many addresses come in full where the rest is on its way. */
const AHEAD = 2_048;
/** Thursday 12 March 2026, 14:12 in Berlin. */
const START = Date.parse('2026-03-12T13:12:00Z');
const iso = (at: number) => new Date(at).toISOString();

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
    this.problems = this.problemsAtFirst();
    this.allNotices = this.noticesAtFirst();
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
    void later(500 / this.options.speed).then(() => this.refreshed());
  }

  private refreshed(): void {
    if (this.offline) return;
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
      if (!asked) return report;
      return { ...reportOf(report.id, this.subnetOf(report.subnet), at, { state: 'queued' }), created_at: report.created_at, journey: [...report.journey, { at: iso(at), event: 'retried', words: 'retried' }] };
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
    const row = this.subnets.find((one) => one.id === subnet)?.addresses().find((one) => one.ip === ip);
    const seen = row?.seen;
    if (!row || !seen) return [];
    const at = (scans: number) => ({ scan: 1_648 - scans * 4, at: iso(this.scannedAt - scans * 30 * MINUTE) });
    const span = (from: number, to: number, mac: string | null, up: boolean): SightingDocument => ({
      ...at(to),
      first_scan: at(from).scan,
      first_at: at(from).at,
      up,
      hostname: seen.hostname,
      mac,
      vendor: seen.vendor,
      rtt_ms: seen.rtt_ms,
      seen_by: seen.seen_by,
    });
    // Counted in scans before the last one: until when it was seen, when it changed, and a night in which it was off.
    const until = row.misses ?? 0;
    const changed = row.differences?.[0];
    const first = row.standing === 'unknown' ? 3 : 400;
    const spans = changed ? [span(3, 0, seen.mac, true), span(40, 4, changed.ipam, false)] : [span(Math.min(40, first), until, seen.mac, until === 0)];
    return first > 40 ? [...spans, span(first, 62, changed?.ipam ?? seen.mac, false)] : spans;
  }

  async hostsOverTime(subnet: number, days: number) {
    await this.answers();
    const counts = this.subnetOf(subnet).counts;
    if (!this.scanned.has(subnet)) return [];
    return Array.from({ length: days * 4 }, (_, index) => {
      const known = Math.max(0, counts.known - ((index * 7) % 3) - (index === days * 2 ? Math.floor(counts.known / 3) : 0));
      return { at: iso(this.scannedAt - (days * 4 - 1 - index) * 360 * MINUTE), up: known + counts.unknown + counts.mismatch, counts: { ...counts, known, up: known + counts.unknown + counts.mismatch } };
    });
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
    const of = this.subnets.filter((subnet) => 'all' in scope || scope.subnets.includes(subnet.id));
    let left = done;
    const subnets = of.map((subnet) => {
      // What is left out is part of the run, and over at once.
      if (subnet.plan === 'left-out') return { subnet: subnet.id, cidr: subnet.cidr, stage: 'done' as const, done: 0, total: 0, up: 0 };
      const total = subnet.cidr.includes(':') ? subnet.addresses().length : Math.max(1, (networkOf(subnet.cidr)?.size ?? 3) - 2);
      const part = Math.min(left, total);
      left -= part;
      const stage = part === total ? ('done' as const) : part > 0 ? ('scanning' as const) : ('queued' as const);
      return { subnet: subnet.id, cidr: subnet.cidr, stage, done: part, total, up: Math.floor((part / total) * subnet.counts.up) };
    });
    this.run_ = { ...sums(subnets), id: (this.allRuns[0]?.id ?? 0) + 1, trigger: 'person', started_at: iso(this.now() - done * 60), stopping: false, held: false, eta_s: null, subnets };
    if (done > 0) this.run_.eta_s = 48;
  }

  /** What a quarter of a second changes. */
  private advance(): void {
    this.deliver();
    const run = this.run_;
    if (!run) return;
    if (run.stopping) return this.finish(run, true);
    if (run.held) return;
    let budget = Math.max(8, Math.ceil(run.total / 70)) * this.options.speed;
    const subnets = run.subnets.map((part) => {
      if (part.stage === 'done' || budget <= 0) return part;
      const done = Math.min(part.total, part.done + Math.ceil(budget));
      budget -= done - part.done;
      const whole = done === part.total;
      if (whole) {
        this.scanned.set(part.subnet, this.now());
        this.lists.addresses += 1;
      }
      return { ...part, done, stage: whole ? ('done' as const) : ('scanning' as const), up: Math.floor((done / part.total) * this.subnetOf(part.subnet).counts.up) };
    });
    const rate = Math.max(8, Math.ceil(run.total / 70)) * this.options.speed * (1_000 / TICK);
    const next = { ...run, ...sums(subnets), subnets };
    next.eta_s = Math.ceil((next.total - next.done) / rate);
    this.run_ = next;
    if (next.done === next.total) this.finish(next, false);
    this.changed();
  }

  private finish(run: Progress, stopped: boolean): void {
    this.run_ = null;
    const at = this.now();
    this.allRuns.unshift({
      id: run.id,
      trigger: run.trigger,
      started_at: run.started_at,
      finished_at: iso(at),
      stopped,
      subnets: run.subnets.map((part) => {
        const subnet = this.subnetOf(part.subnet);
        const base = { subnet: part.subnet, cidr: part.cidr, description: subnet.description };
        if (subnet.plan === 'left-out') return { ...base, outcome: 'left-out' as const, left_out: leftOutOf(subnet) };
        return part.stage === 'done' ? { ...base, outcome: 'scanned' as const, scan: run.id * 100 + part.subnet, counts: countsOf(subnet.addresses()) } : { ...base, outcome: 'stopped' as const };
      }),
    });
    for (const part of run.subnets) {
      if (part.stage !== 'done' || part.total === 0 || part.cidr.includes(':')) continue;
      const id = Math.max(0, ...this.allReports.map((report) => report.id)) + 1;
      this.allReports.unshift({ ...reportOf(id, this.subnetOf(part.subnet), at, { state: 'queued' }), scan: run.id * 100 + part.subnet });
    }
    this.lists.runs += 1;
    this.lists.reports += 1;
    this.changed();
  }

  /** Reports move one station on, some seconds apart. */
  private deliver(): void {
    const now = this.now();
    const pace = 3_000 / this.options.speed;
    let moved = false;
    this.allReports = this.allReports.map((report) => {
      const last = Date.parse(report.journey.at(-1)?.at ?? report.created_at);
      if (now - last < pace) return report;
      if (report.state === 'queued' && !this.offline) {
        moved = true;
        return { ...report, state: 'sent', at: iso(now), check_at: iso(now + pace), expected_by: iso(now + 2 * MINUTE), checks: 0, journey: [...report.journey, { at: iso(now), event: 'sent', status: 200, left_out: 0, words: 'sent' }] };
      }
      if (report.state === 'sent' && Date.parse(report.check_at) <= now && !this.offline) {
        moved = true;
        return { ...report, state: 'confirmed', at: iso(now), journey: [...report.journey, { at: iso(now), event: 'confirmed', words: 'confirmed' }] };
      }
      if (report.state === 'waiting' && Date.parse(report.next_at) <= now) {
        moved = true;
        return { ...report, tries: report.tries + 1, next_at: iso(now + 180_000), journey: [...report.journey, { at: iso(now), event: 'failed', problem: report.problem, words: 'failed' }] };
      }
      return report;
    });
    if (moved) {
      this.lists.reports += 1;
      this.changed();
    }
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
    const count = (state: ReportDocument['state']) => this.allReports.filter((report) => report.state === state).length;
    const next = this.allReports.find((report) => report.state === 'waiting');
    const delivery = {
      waiting: count('queued') + count('waiting'),
      sending: count('queued') > 0 && !this.offline,
      sent: count('sent'),
      confirmed: count('confirmed'),
      rejected: count('rejected'),
      doubtful: this.options.states.has('right') ? 0 : count('unconfirmed'),
      next_try: next?.state === 'waiting' ? next.next_at : null,
    };
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
      ipam: { fetched_at: this.fetchedAt === null ? null : iso(this.fetchedAt), stale: this.stale, offline: this.offline },
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

  private problemsAtFirst(): ProblemDocument[] {
    const { states } = this.options;
    const all: ProblemDocument[] = [];
    if (states.has('first-run')) all.push(problem('setting-missing', { key: 'api_url' }, 'needs-person', this.start));
    if (states.has('empty')) all.push(problem('nothing-assigned', {}, 'notice', this.start - 5 * MINUTE));
    if (states.has('attention')) {
      all.push(problem('server-token-rejected', { words: 'Invalid authorization token' }, 'needs-person', this.start - 108 * MINUTE, serverSaid('Invalid authorization token')));
      all.push(problem('nmap-unprivileged', {}, 'notice', this.start - 3_000 * MINUTE));
    }
    if (states.has('offline')) {
      all.push(problem('ipam-unreachable', { detail: 'timed out' }, 'waiting', this.start - 120 * MINUTE, systemSaid('operation timed out')));
      all.push(problem('server-unreachable', { detail: 'refused' }, 'waiting', this.start - 60 * MINUTE, systemSaid('Connection refused (os error 111)')));
    }
    if (states.has('hostile')) {
      all.push(problem('ipam-failing', { status: 500, words: '' }, 'waiting', this.start, serverSaid(`<script>document.title="owned"</script>\u202E${'A'.repeat(4_000)}`)));
      all.push({ code: 'from-the-future', severity: 'needs-person', area: 'New', what: 'A problem that this window does not know yet.', remedy: 'The agent’s own words are shown for it.' } as never);
    }
    return all;
  }

  private noticesAtFirst(): NoticeDocument[] {
    if (this.subnets.length === 0) return [];
    return [
      {
        id: 3,
        at: iso(this.scannedAt),
        category: 'findings',
        title: 'New unknown host',
        text: '10.20.0.131, raspberrypi, at Depot – office. It is not in phpIPAM.',
        facts: { tells: 'host', what: 'unknown', ip: '10.20.0.131', name: 'raspberrypi', place: 'Depot – office', stale: false },
        page: 'subnet/101/10.20.0.131',
      },
      {
        id: 2,
        at: iso(this.scannedAt - 108 * MINUTE),
        category: 'reports',
        title: 'Report rejected',
        text: 'Depot – cameras, 12:12: The scan server refused report 797 (HTTP status 400). Open Fieldscan to see what to do.',
        facts: { tells: 'report', problem: { code: 'report-rejected', report: 797, status: 400, words: '' }, place: 'Depot – cameras', created_at: iso(this.scannedAt - 109 * MINUTE) },
        page: 'reports/797',
      },
      // From before facts were kept.
      { id: 1, at: iso(this.scannedAt - 1_600 * MINUTE), category: 'delivered', title: 'Offline for 1 hour', text: 'Scans go on with data from 14:01. 3 reports wait, none is lost.', facts: null, page: 'reports' },
    ];
  }
}

function leftOutOf(subnet: FakeSubnet): LeftOutWhy {
  return { reason: subnet.leftOut ?? 'folder', words: 'It is a folder: it holds subnets and has no addresses of its own.' };
}

function sums(subnets: Progress['subnets']): { done: number; total: number; up: number } {
  const sum = (of: 'done' | 'total' | 'up') => subnets.reduce((all, part) => all + part[of], 0);
  return { done: sum('done'), total: sum('total'), up: sum('up') };
}

function refusal(code: string, what: string, remedy: string, detail?: string): Refusal {
  return detail === undefined ? { code, what, remedy } : { code, what, remedy, detail };
}

const later = (wait: number) => new Promise<void>((done) => setTimeout(done, wait));
const never = () => new Promise<never>(() => {});
