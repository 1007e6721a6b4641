// The reports as a whole: which are open, whether phpIPAM has all of them, which pass a filter, and which belong to one run.

import type { ReportDocument, RunDocument } from '../host';

export type Filter = 'open' | 'waiting' | 'sent' | 'rejected' | 'doubtful' | 'all';
export const FILTERS: readonly Filter[] = ['open', 'waiting', 'sent', 'rejected', 'doubtful', 'all'];

/** In which of the filters a report is, beside `all`; null for one that nobody need care about any more. */
export type Standing = 'waiting' | 'sent' | 'rejected' | 'doubtful' | null;

/** Where every report stands. What could not be seen whole is settled once a newer report of its subnet is confirmed. */
export function standingsOf(reports: readonly ReportDocument[]): Map<number, Standing> {
  const confirmed = new Map<number, string>();
  for (const report of reports) {
    if (report.state === 'confirmed' && report.created_at > (confirmed.get(report.subnet) ?? '')) confirmed.set(report.subnet, report.created_at);
  }
  return new Map(reports.map((report) => [report.id, standingOf(report, (confirmed.get(report.subnet) ?? '') > report.created_at)]));
}

function standingOf(report: ReportDocument, settled: boolean): Standing {
  switch (report.state) {
    case 'queued':
    case 'waiting':
      return 'waiting';
    case 'sent':
      return 'sent';
    case 'rejected':
      return 'rejected';
    case 'partly':
    case 'unconfirmed':
      return settled ? null : 'doubtful';
    case 'confirmed':
    case 'superseded':
      return null;
  }
}

/** Whether phpIPAM has been told. `settled` if one was not fully seen there, but a newer one of its subnet was. */
export type Told = 'open' | 'settled' | 'confirmed';

export function toldOf(reports: readonly ReportDocument[]): Told {
  if ([...standingsOf(reports).values()].some((standing) => standing !== null)) return 'open';
  return reports.every((report) => report.state === 'confirmed' || report.state === 'superseded') ? 'confirmed' : 'settled';
}

export function passes(filter: Filter, standing: Standing): boolean {
  return filter === 'all' || (filter === 'open' ? standing !== null : standing === filter);
}

/** Reports of one run, newest run first. */
export interface Group {
  key: string;
  at: string;
  reports: ReportDocument[];
}

/** Groups reports by the run that made them. A report whose run is no longer kept stands by itself. */
export function groupsOf(reports: readonly ReportDocument[], runs: readonly RunDocument[]): Group[] {
  const runOf = new Map<number, RunDocument>();
  for (const run of runs) for (const part of run.subnets) if (part.scan !== undefined) runOf.set(part.scan, run);
  const groups = new Map<string, Group>();
  for (const report of reports) {
    const run = runOf.get(report.scan);
    const key = run ? `run ${run.id}` : `report ${report.id}`;
    const group = groups.get(key) ?? { key, at: run?.started_at ?? report.created_at, reports: [] };
    group.reports.push(report);
    groups.set(key, group);
  }
  return [...groups.values()];
}
