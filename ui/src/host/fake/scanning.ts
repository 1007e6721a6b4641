// A run on its way: how it begins, goes on and ends.

import type { Progress, RunDocument } from '../types';
import { networkOf } from './network';
import { countsOf, leftOutOf, type FakeSubnet } from './site';
import { iso } from './time';

type Part = Progress['subnets'][number];

/** A run of these subnets that a person began, with so many addresses done. */
export function begun(id: number, of: readonly FakeSubnet[], now: number, done: number): Progress {
  let left = done;
  const subnets = of.map((subnet): Part => {
    // What is left out is part of the run, and over at once.
    if (subnet.plan === 'left-out') return { subnet: subnet.id, cidr: subnet.cidr, stage: 'done', done: 0, total: 0, up: 0 };
    const total = subnet.cidr.includes(':') ? subnet.addresses().length : Math.max(1, (networkOf(subnet.cidr)?.size ?? 3) - 2);
    const part = Math.min(left, total);
    left -= part;
    const stage = part === total ? 'done' : part > 0 ? 'scanning' : 'queued';
    return { subnet: subnet.id, cidr: subnet.cidr, stage, done: part, total, up: Math.floor((part / total) * subnet.counts.up) };
  });
  return { ...sums(subnets), id, trigger: 'person', started_at: iso(now - done * 60), stopping: false, held: false, eta_s: done > 0 ? 48 : null, subnets };
}

/** The same run so many milliseconds later; however large, it takes about as long. `up` tells how many hosts a subnet has. */
export function advanced(run: Progress, ms: number, speed: number, up: (subnet: number) => number): Progress {
  const perSecond = 4 * speed * Math.max(8, Math.ceil(run.total / 70));
  let budget = (perSecond * ms) / 1_000;
  const subnets = run.subnets.map((part): Part => {
    if (part.stage === 'done' || budget <= 0) return part;
    const done = Math.min(part.total, part.done + Math.ceil(budget));
    budget -= done - part.done;
    return { ...part, done, stage: done === part.total ? 'done' : 'scanning', up: Math.floor((done / part.total) * up(part.subnet)) };
  });
  const next = { ...run, ...sums(subnets), subnets };
  return { ...next, eta_s: Math.ceil((next.total - next.done) / perSecond) };
}

/** The run as the history has it. */
export function ended(run: Progress, at: number, stopped: boolean, subnetOf: (id: number) => FakeSubnet): RunDocument {
  return {
    id: run.id,
    trigger: run.trigger,
    started_at: run.started_at,
    finished_at: iso(at),
    stopped,
    subnets: run.subnets.map((part) => {
      const subnet = subnetOf(part.subnet);
      const base = { subnet: part.subnet, cidr: part.cidr, description: subnet.description };
      if (subnet.plan === 'left-out') return { ...base, outcome: 'left-out', left_out: leftOutOf(subnet) };
      return part.stage === 'done' ? { ...base, outcome: 'scanned', scan: scanOf(run.id, part.subnet), counts: countsOf(subnet.addresses()) } : { ...base, outcome: 'stopped' };
    }),
  };
}

/** The number of the scan of a subnet in a run. */
export function scanOf(run: number, subnet: number): number {
  return run * 100 + subnet;
}

function sums(subnets: readonly Part[]): { done: number; total: number; up: number } {
  const sum = (of: 'done' | 'total' | 'up') => subnets.reduce((all, part) => all + part[of], 0);
  return { done: sum('done'), total: sum('total'), up: sum('up') };
}
