// Reports on their way, one of every kind, and what is in them.

import type { JourneyStep, Problem, ReportDetail, ReportDocument, ReportState, SnapshotDocument } from '../types';
import type { Options } from './options';
import type { FakeSubnet } from './site';
import { iso, MINUTE } from './time';

type Step = JourneyStep;
const step = (at: number, event: 'queued' | 'confirmed' | 'partly' | 'unconfirmed' | 'superseded' | 'retried'): Step => ({ at: iso(at), event, words: event });
const sent = (at: number): Step => ({ at: iso(at), event: 'sent', status: 200, left_out: 0, words: 'sent' });

/** A report of a subnet, queued at that time. */
export function reportOf(id: number, subnet: FakeSubnet, at: number, state: ReportState, more: Step[] = []): ReportDocument {
  return {
    ...state,
    id,
    subnet: subnet.id,
    // Of no run that is kept, unless somebody says which.
    scan: 0,
    cidr: subnet.cidr,
    part: 1,
    parts: 1,
    created_at: iso(at),
    host_count: subnet.counts.up,
    stale: false,
    words: state.state,
    journey: [step(at, 'queued'), ...more],
  };
}

/** The outbox at the beginning, newest first. */
export function reportsOf(options: Options, subnets: readonly FakeSubnet[], scannedAt: number, now: number): ReportDocument[] {
  const v4 = subnets.filter((subnet) => !subnet.cidr.includes(':') && subnet.plan !== 'left-out');
  const reports: ReportDocument[] = [];
  let id = 812;
  const unreachable: Problem = { code: 'server-unreachable', detail: 'Connection refused (os error 111)' };
  const offline = options.states.has('offline');
  for (let run = 0; run < 5; run += 1) {
    const at = scannedAt - run * 30 * MINUTE;
    for (const [index, subnet] of v4.slice(0, 3).entries()) {
      const first = reports.length;
      const queued = at + MINUTE;
      if (offline && run === 0) {
        const failed: Step = { at: iso(queued + MINUTE), event: 'failed', problem: unreachable, words: 'failed' };
        reports.push({ ...reportOf(id, subnet, queued, { state: 'waiting', tries: 4, next_at: iso(now + 102_000), problem: unreachable }, [failed, failed, failed, failed]), stale: options.states.has('stale') });
      } else if (run === 1 && subnet === v4[2]) {
        const causes = ['server-busy', 'server-restarted'] as const;
        reports.push({
          ...reportOf(id, subnet, queued, { state: 'partly', at: iso(queued + 8 * MINUTE), missing: ['10.20.4.17', '10.20.5.20', '10.20.6.3'], causes: [...causes] }, [sent(queued + 1_000), step(queued + 8 * MINUTE, 'partly')]),
          probably: 'Probably: the scan server is still busy with earlier reports.',
        });
      } else {
        reports.push(reportOf(id, subnet, queued, { state: 'confirmed', at: iso(queued + 2 * MINUTE) }, [sent(queued + 1_000), step(queued + 2 * MINUTE, 'confirmed')]));
      }
      // The scan of that subnet in that run.
      for (const report of reports.slice(first)) report.scan = (412 - run) * 4 + index;
      id -= 1;
    }
  }
  const [office, cameras] = v4;
  if (office && cameras && (options.states.has('attention') || offline)) {
    const at = scannedAt - 108 * MINUTE;
    const refused: Problem = { code: 'report-rejected', report: id, status: 403, words: '403 Forbidden\nsubnet 10.20.1.0/24 is not assigned\nto agent "depot-01"' };
    reports.push(reportOf(id, cameras, at, { state: 'rejected', at: iso(at + 2_000), problem: refused }, [{ at: iso(at + 2_000), event: 'rejected', problem: refused, words: 'rejected' }]));
    id -= 1;
    const lost = at - 30 * MINUTE;
    reports.push({
      ...reportOf(id, office, lost, { state: 'unconfirmed', at: iso(lost + 6 * MINUTE), causes: ['server-elsewhere', 'not-assigned'] }, [sent(lost + 1_000), step(lost + 6 * MINUTE, 'unconfirmed')]),
      probably: 'Probably: the scan server writes into another phpIPAM, or can’t write.',
    });
    id -= 1;
    reports.push(reportOf(id, office, lost - 20 * MINUTE, { state: 'superseded', by: id + 2 }, [step(lost - 19 * MINUTE, 'superseded')]));
    id -= 1;
    reports.push(reportOf(id, office, scannedAt + 3 * MINUTE, { state: 'sent', at: iso(scannedAt + 4 * MINUTE), check_at: iso(now + MINUTE), expected_by: iso(now + 4 * MINUTE), checks: 1 }, [sent(scannedAt + 4 * MINUTE)]));
  }
  return reports.sort((a, b) => b.created_at.localeCompare(a.created_at) || b.id - a.id);
}

/** A report one station on, if it is time for it: `pace` is how many milliseconds a station takes. */
export function movedOn(report: ReportDocument, now: number, pace: number, offline: boolean): ReportDocument {
  const last = Date.parse(report.journey.at(-1)?.at ?? report.created_at);
  if (now - last < pace) return report;
  if (report.state === 'queued' && !offline) {
    return { ...report, state: 'sent', at: iso(now), check_at: iso(now + pace), expected_by: iso(now + 2 * MINUTE), checks: 0, journey: [...report.journey, sent(now)] };
  }
  if (report.state === 'sent' && Date.parse(report.check_at) <= now && !offline) {
    return { ...report, state: 'confirmed', at: iso(now), journey: [...report.journey, step(now, 'confirmed')] };
  }
  if (report.state === 'waiting' && Date.parse(report.next_at) <= now) {
    return { ...report, tries: report.tries + 1, next_at: iso(now + 3 * MINUTE), journey: [...report.journey, { at: iso(now), event: 'failed', problem: report.problem, words: 'failed' }] };
  }
  return report;
}

/** A report that somebody sent once more. */
export function retried(report: ReportDocument, subnet: FakeSubnet, at: number): ReportDocument {
  return { ...reportOf(report.id, subnet, at, { state: 'queued' }), created_at: report.created_at, journey: [...report.journey, step(at, 'retried')] };
}

/** How the reports stand together. */
export function deliveryOf(reports: readonly ReportDocument[], offline: boolean, allRight: boolean): SnapshotDocument['delivery'] {
  const count = (state: ReportDocument['state']) => reports.filter((report) => report.state === state).length;
  const next = reports.find((report) => report.state === 'waiting');
  return {
    waiting: count('queued') + count('waiting'),
    sending: count('queued') > 0 && !offline,
    sent: count('sent'),
    confirmed: count('confirmed'),
    rejected: count('rejected'),
    doubtful: allRight ? 0 : count('unconfirmed'),
    next_try: next?.state === 'waiting' ? next.next_at : null,
  };
}

/** A report with its hosts and its JSON, in the scan server's format. */
export function detailOf(report: ReportDocument, subnet: FakeSubnet | undefined): ReportDetail {
  const up = (subnet?.addresses() ?? []).filter((row) => row.seen?.up);
  const results = up.map((row) => ({
    ...(row.ipam ? { id: row.ipam.id } : {}),
    subnetId: String(report.subnet),
    ip: row.ip,
    lastSeen: report.created_at.slice(0, 19).replace('T', ' '),
    ...(row.seen?.hostname ? { hostname: row.seen.hostname } : {}),
    ...(row.seen?.mac ? { mac: row.seen.mac.toUpperCase() } : {}),
  }));
  const body = JSON.stringify({ code: '…', scan: { subnet: report.cidr, results, tz: '+0000' } });
  return { ...report, hosts: up.map((row) => row.ip), body };
}
