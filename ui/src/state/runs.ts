// Runs as the history lists them: how each ended, what it changed, and those that changed nothing folded.

import type { ChangesDocument, RunDocument, SubnetProgress, SubnetRun } from '../host';

export type Ending = 'running' | 'ok' | 'stopped' | 'cut-short' | 'failed' | 'partly' | 'not-run';

/** How a run ended. `running` is the id of the one that goes on. */
export function endingOf(run: RunDocument, running: number | null): Ending {
  if (run.id === running) return 'running';
  const scanned = scannedOf(run);
  const failed = run.subnets.filter((part) => part.outcome === 'failed').length;
  if (run.stopped) return 'stopped';
  if (run.finished_at === null) return 'cut-short';
  if (run.problem && scanned === 0) return 'not-run';
  if (failed > 0) return scanned > 0 ? 'partly' : 'failed';
  return run.problem ? 'partly' : 'ok';
}

export function isTrouble(ending: Ending): boolean {
  return ending === 'failed' || ending === 'partly' || ending === 'not-run' || ending === 'cut-short';
}

/** The subnets that the run was about. */
export function triedOf(run: RunDocument): SubnetRun[] {
  return run.subnets.filter((part) => part.outcome !== 'left-out');
}

export function scannedOf(run: RunDocument): number {
  return run.subnets.filter((part) => part.outcome === 'scanned').length;
}

export function upOf(run: RunDocument): number {
  return run.subnets.reduce((sum, part) => sum + (part.counts?.up ?? 0), 0);
}

/** Whether a part of a run that goes on was left out: it is over without an address to scan. */
export function isLeftOut(part: SubnetProgress): boolean {
  return part.stage === 'done' && part.total === 0;
}

export interface Tally {
  new: number;
  gone: number;
  changed: number;
}

export function tallyOf(changes: readonly ChangesDocument[]): Tally {
  return changes.reduce((sum, one) => ({ new: sum.new + one.new.length, gone: sum.gone + one.gone.length, changed: sum.changed + one.changed.length }), { new: 0, gone: 0, changed: 0 });
}

export function changedNothing(tally: Tally): boolean {
  return tally.new + tally.gone + tally.changed === 0;
}

export type Entry =
  | { kind: 'day'; at: string }
  | { kind: 'run'; run: RunDocument }
  /** Runs that changed nothing, newest first. */
  | { kind: 'fold'; runs: RunDocument[] };

export interface Listed {
  runs: readonly RunDocument[];
  /** What each changed; those not known yet are missing. */
  tallies: ReadonlyMap<number, Tally>;
  running: number | null;
  /** Never folded away. */
  selected: number | null;
  /** Runs that somebody unfolded: a fold with one of them is open, also after another was chosen or a new one came. */
  opened: ReadonlySet<number>;
  only: 'all' | 'changes' | 'problems';
}

/** Whether the list shows a run when only some are asked for. What a run changed may not be known yet. */
export function isShown(run: RunDocument, tally: Tally | undefined, running: number | null, only: Listed['only']): boolean {
  switch (only) {
    case 'all':
      return true;
    case 'changes':
      return tally !== undefined && !changedNothing(tally);
    case 'problems':
      return isTrouble(endingOf(run, running));
  }
}

/** The list as it is shown, newest first, day by day. */
export function entriesOf({ runs, tallies, running, selected, opened, only }: Listed): Entry[] {
  const entries: Entry[] = [];
  let day = '';
  let fold: RunDocument[] = [];
  const close = () => {
    if (fold.length === 0) return;
    if (fold.some((run) => opened.has(run.id))) entries.push(...fold.map((run) => ({ kind: 'run' as const, run })));
    else entries.push({ kind: 'fold', runs: fold });
    fold = [];
  };
  runs.forEach((run, index) => {
    const ending = endingOf(run, running);
    const tally = tallies.get(run.id);
    if (!isShown(run, tally, running, only)) return;
    const of = new Date(run.started_at).toDateString();
    if (of !== day) {
      close();
      day = of;
      entries.push({ kind: 'day', at: run.started_at });
    }
    const dull = only === 'all' && index > 0 && run.id !== selected && ending === 'ok' && tally !== undefined && changedNothing(tally);
    if (dull) {
      fold.push(run);
    } else {
      close();
      entries.push({ kind: 'run', run });
    }
  });
  close();
  return entries;
}

export interface Change {
  subnet: number;
  cidr: string;
  kind: 'new' | 'gone' | 'changed';
  ip: string;
}

/** Changes one by one, subnet by subnet. */
export function listChanges(changes: readonly ChangesDocument[]): Change[] {
  return changes.flatMap(({ subnet, cidr, ...kinds }) => (['new', 'gone', 'changed'] as const).flatMap((kind) => kinds[kind].map((ip) => ({ subnet, cidr, kind, ip }))));
}
