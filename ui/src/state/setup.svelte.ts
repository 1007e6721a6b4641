// Whether the first set-up is due: what is needed has no value yet, and nothing was ever fetched.

import type { SnapshotDocument } from '../host';

/** Whether the person said “Later”. Kept until the window is made anew. */
export const setup = $state({ putOff: false });

export function needsSetup(snapshot: SnapshotDocument | null): boolean {
  if (!snapshot || snapshot.ipam.fetched_at !== null || snapshot.last_run !== null) return false;
  return snapshot.problems.some((problem) => problem.code === 'setting-missing' || problem.code === 'secret-missing');
}
