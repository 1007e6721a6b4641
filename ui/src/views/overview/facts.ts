// The three facts of the overview's strip, decided from the snapshot: the last scan, phpIPAM's data, the reports.

import type { ReportDocument, SnapshotDocument } from '../../host';
import { standingsOf, toldOf } from '../../state/outbox';
import { knownOf, planned, scannedOf } from './answer';

export type ScanFact =
  | { is: 'none' }
  | { is: 'all' | 'some' | 'stopped' | 'failed'; at: string; took: number; scanned: number; of: number };

export function scanFact({ last_run: run }: SnapshotDocument): ScanFact {
  if (!run) return { is: 'none' };
  const at = run.finished_at ?? run.started_at;
  const of = run.subnets.filter((part) => part.outcome !== 'left-out').length;
  const scanned = run.subnets.filter((part) => part.outcome === 'scanned').length;
  const took = Date.parse(at) - Date.parse(run.started_at);
  const is = run.stopped ? 'stopped' : scanned === 0 ? 'failed' : scanned < of ? 'some' : 'all';
  return { is, at, took, scanned, of };
}

/** How many addresses phpIPAM knows is only told by scans: null until every subnet has one. */
export type IpamFact = { is: 'never' } | { is: 'fresh' | 'cached' | 'expired'; at: string; addresses: number | null; subnets: number };

export function ipamFact({ ipam, subnets }: SnapshotDocument): IpamFact {
  if (ipam.fetched_at === null) return { is: 'never' };
  const of = planned(subnets);
  const scanned = scannedOf(subnets);
  const addresses = scanned.some < scanned.of ? null : of.reduce((sum, { last_scan: scan }) => sum + (scan ? knownOf(scan.counts) : 0), 0);
  return { is: ipam.stale ? 'expired' : ipam.offline ? 'cached' : 'fresh', at: ipam.fetched_at, addresses, subnets: of.length };
}

/** The gravest comes first: what was rejected is not hidden by what waits. */
export type ToldFact =
  | { is: 'rejected' | 'doubtful' | 'waiting' | 'sent'; many: number; others: number; nextTry: string | null; sending: boolean }
  | { is: 'confirmed' }
  /** One was not fully seen, but a newer one of its subnet was. */
  | { is: 'settled' }
  /** Nothing waits, but of older reports it is not known whether they were seen. */
  | { is: 'quiet' }
  | { is: 'none' };

/** Only the list of reports knows what was seen before the agent's last start; undefined until it is read. */
export function toldFact({ delivery, last_run: run }: SnapshotDocument, reports: readonly ReportDocument[] | undefined): ToldFact {
  const rest = { others: delivery.waiting, nextTry: delivery.next_try, sending: delivery.sending };
  const doubtful = reports ? [...standingsOf(reports).values()].filter((standing) => standing === 'doubtful').length : delivery.doubtful;
  if (delivery.rejected > 0) return { is: 'rejected', many: delivery.rejected, ...rest };
  if (delivery.waiting > 0) return { is: 'waiting', many: delivery.waiting, ...rest };
  if (doubtful > 0) return { is: 'doubtful', many: doubtful, ...rest };
  if (delivery.sent > 0) return { is: 'sent', many: delivery.sent, ...rest };
  if (!reports) return { is: delivery.confirmed > 0 || run ? 'quiet' : 'none' };
  if (reports.length === 0) return { is: 'none' };
  const told = toldOf(reports);
  // Open, though the snapshot has none that is: the list is read anew.
  return { is: told === 'open' ? 'quiet' : told };
}
