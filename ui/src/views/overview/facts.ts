// The three facts of the overview's strip, decided from the snapshot: the last scan, phpIPAM's data, the reports.

import type { SnapshotDocument } from '../../host';
import { planned } from './answer';

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

export type IpamFact = { is: 'never' } | { is: 'fresh' | 'cached' | 'expired'; at: string; addresses: number; subnets: number };

export function ipamFact({ ipam, subnets }: SnapshotDocument): IpamFact {
  if (ipam.fetched_at === null) return { is: 'never' };
  const of = planned(subnets);
  const addresses = of.reduce((sum, { last_scan: scan }) => sum + (scan ? scan.counts.known + scan.counts.mismatch + scan.counts.missing + scan.counts.unseen : 0), 0);
  return { is: ipam.stale ? 'expired' : ipam.offline ? 'cached' : 'fresh', at: ipam.fetched_at, addresses, subnets: of.length };
}

/** The gravest comes first: what was rejected is not hidden by what waits. */
export type ToldFact =
  | { is: 'rejected' | 'doubtful' | 'waiting' | 'sent'; many: number; others: number; nextTry: string | null; sending: boolean }
  | { is: 'confirmed' }
  | { is: 'none' };

export function toldFact({ delivery, last_run: run }: SnapshotDocument): ToldFact {
  const rest = { others: delivery.waiting, nextTry: delivery.next_try, sending: delivery.sending };
  if (delivery.rejected > 0) return { is: 'rejected', many: delivery.rejected, ...rest };
  if (delivery.waiting > 0) return { is: 'waiting', many: delivery.waiting, ...rest };
  if (delivery.doubtful > 0) return { is: 'doubtful', many: delivery.doubtful, ...rest };
  if (delivery.sent > 0) return { is: 'sent', many: delivery.sent, ...rest };
  return delivery.confirmed > 0 || run ? { is: 'confirmed' } : { is: 'none' };
}
