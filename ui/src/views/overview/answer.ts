// The answer of the overview: is phpIPAM right? Decided from the snapshot, put into words by the view.

import type { Counts, ProblemCode, ProblemDocument, SnapshotDocument, SubnetDocument } from '../../host';

export type Answer =
  | { is: 'not-set-up' }
  /** Something keeps the agent from working: an old answer would say that all is well. */
  | { is: 'blocked'; problem: ProblemDocument }
  | { is: 'offline-never-asked' }
  /** Nothing is wrong, and nobody has asked yet: the schedule is off, or its time has not come. */
  | { is: 'not-asked' }
  | { is: 'nothing-assigned' }
  /** Subnets are assigned, and each is left out for a reason of its own. */
  | { is: 'all-left-out'; subnets: number }
  | { is: 'never-scanned'; subnets: number }
  | { is: 'right'; known: number; untold: boolean }
  | { is: 'some'; counts: Counts; known: number; up: number; scanned: Scanned; stale: boolean; untold: boolean };

/** How many of the subnets that are to be scanned have been: counts are only of those. */
export interface Scanned {
  some: number;
  of: number;
}

/** Scans go on with these, and what they found is right; but phpIPAM isn't told until a person does something. */
const UNTELLING = new Set<string>(['server-certificate', 'server-insecure', 'server-token-rejected'] satisfies ProblemCode[]);

const BLOCKING = new Set<string>([
  'settings-invalid',
  'secret-missing',
  'secret-unreadable',
  'keychain-unavailable',
  'ipam-certificate',
  'ipam-insecure',
  'ipam-token-rejected',
  'ipam-token-of-other-app',
  'ipam-app-unknown',
  'ipam-api-off',
  'ipam-not-found',
  'ipam-not-understood',
  'agent-code-unknown',
  'nmap-missing',
  'nmap-unusable',
  'nmap-too-old',
  'disk-full',
  'store-failing',
  'store-newer',
] satisfies ProblemCode[]);

export function answerOf(snapshot: SnapshotDocument): Answer {
  if (snapshot.problems.some((problem) => problem.code === 'setting-missing')) return { is: 'not-set-up' };
  const blocking = snapshot.problems.find((problem) => problem.severity === 'needs-person' && BLOCKING.has(problem.code));
  if (blocking) return { is: 'blocked', problem: blocking };
  const totals = totalsOf(snapshot.subnets);
  if (!totals) {
    if (snapshot.ipam.fetched_at === null) return { is: snapshot.ipam.offline ? 'offline-never-asked' : 'not-asked' };
    if (snapshot.subnets.length === 0) return { is: 'nothing-assigned' };
    if (planned(snapshot.subnets).length === 0) return { is: 'all-left-out', subnets: snapshot.subnets.length };
    return { is: 'never-scanned', subnets: planned(snapshot.subnets).length };
  }
  const { counts, stale } = totals;
  const known = knownOf(counts);
  const untold = isUntold(snapshot);
  const scanned = scannedOf(snapshot.subnets);
  const look = counts.unknown + counts.missing + counts.mismatch + counts.unseen;
  // With data that is out of date, or half of the subnets, nobody can say that phpIPAM is right.
  if (look === 0 && !stale && !snapshot.ipam.stale && scanned.some === scanned.of && unscanned(snapshot).length === 0) return { is: 'right', known, untold };
  return { is: 'some', counts, known, up: counts.known + counts.mismatch, scanned, stale: stale || snapshot.ipam.stale, untold };
}

/** Reports that wait for their first try are on their way; with a next try, one has failed. */
function isUntold({ problems, delivery }: SnapshotDocument): boolean {
  return problems.some((problem) => UNTELLING.has(problem.code)) || delivery.rejected > 0 || (delivery.waiting > 0 && delivery.next_try !== null);
}

/** What phpIPAM knows and a scan looked for. */
export function knownOf(counts: Counts): number {
  return counts.known + counts.mismatch + counts.missing + counts.unseen;
}

/** Subnets that are to be scanned. */
export function planned(subnets: readonly SubnetDocument[]): SubnetDocument[] {
  return subnets.filter((subnet) => subnet.plan !== 'left-out');
}

export function scannedOf(subnets: readonly SubnetDocument[]): Scanned {
  const of = planned(subnets);
  return { some: of.filter((subnet) => subnet.last_scan !== null).length, of: of.length };
}

/** Subnets that could not be scanned, with why. */
export function unscanned(snapshot: SnapshotDocument): { subnet: number; problem: ProblemDocument }[] {
  const failed = new Map<number, ProblemDocument>();
  for (const part of snapshot.last_run?.subnets ?? []) if (part.outcome === 'failed' && part.problem) failed.set(part.subnet, part.problem);
  for (const problem of snapshot.problems) {
    if (problem.code === 'nmap-failed' || problem.code === 'nmap-hung' || problem.code === 'no-route' || problem.code === 'everybody-up' || problem.code === 'addresses-unknown') failed.set(problem.subnet, problem);
  }
  const of = new Set(planned(snapshot.subnets).map((subnet) => subnet.id));
  return [...failed].filter(([subnet]) => of.has(subnet)).map(([subnet, problem]) => ({ subnet, problem }));
}

function totalsOf(subnets: readonly SubnetDocument[]): { counts: Counts; stale: boolean } | null {
  let totals: { counts: Counts; stale: boolean } | null = null;
  for (const { last_scan: scan } of planned(subnets)) {
    if (!scan) continue;
    totals ??= { counts: { known: 0, unknown: 0, unseen: 0, missing: 0, mismatch: 0, excluded: 0, up: 0 }, stale: false };
    for (const name of Object.keys(totals.counts) as (keyof Counts)[]) totals.counts[name] += scan.counts[name];
    totals.stale ||= scan.ipam_stale;
  }
  return totals;
}
