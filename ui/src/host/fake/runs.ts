// Runs of the past days, with what changed.

import type { ChangesDocument, RunDocument } from '../types';
import { problem } from './problem';
import type { FakeSubnet } from './site';
import { iso, MINUTE } from './time';

/** Every half hour of working days, newest first. */
export function runsOf(subnets: readonly FakeSubnet[], last: number, many: number): RunDocument[] {
  if (subnets.length === 0) return [];
  const runs: RunDocument[] = [];
  let at = last;
  for (let id = 412; runs.length < many; id -= 1, at -= 30 * MINUTE) runs.push(runOf(id, subnets, at));
  return runs;
}

function runOf(id: number, subnets: readonly FakeSubnet[], at: number): RunDocument {
  const stopped = id === 408;
  const failed = id === 405;
  const run: RunDocument = {
    id,
    trigger: id === 409 ? 'person' : id === 400 ? 'catch-up' : 'schedule',
    started_at: iso(at - 102_000),
    finished_at: iso(at),
    stopped,
    subnets: subnets.map((subnet, index) => {
      const part = { subnet: subnet.id, cidr: subnet.cidr, description: subnet.description };
      if (subnet.plan === 'left-out') return { ...part, outcome: 'left-out' as const, left_out: { reason: 'folder', words: 'It is a folder.' } };
      if (stopped && index > 1) return { ...part, outcome: 'stopped' as const };
      if (failed && index === 2) return { ...part, outcome: 'failed' as const, problem: problem('no-route', { subnet: subnet.id }, 'waiting') };
      const fewer = id % 4;
      const counts = { ...subnet.counts, known: Math.max(0, subnet.counts.known - (index === 0 ? fewer : 0)) };
      counts.up = counts.known + counts.unknown + counts.mismatch;
      return { ...part, outcome: 'scanned' as const, scan: id * 4 + index, counts };
    }),
  };
  return run;
}

/** What a run changed: mostly nothing. */
export function changesOf(run: RunDocument, subnets: readonly FakeSubnet[]): ChangesDocument[] {
  return run.subnets
    .filter((part) => part.outcome === 'scanned')
    .map((part) => {
      const office = part.subnet === subnets[0]?.id;
      const some = office && run.id % 4 === 2;
      return {
        subnet: part.subnet,
        cidr: part.cidr,
        new: some ? ['10.20.0.118'] : office && run.id % 4 === 0 ? ['10.20.0.131'] : [],
        gone: some ? ['10.20.0.44'] : [],
        changed: some ? ['10.20.0.73'] : [],
      };
    });
}
