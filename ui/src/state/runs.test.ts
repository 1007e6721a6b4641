import { describe, expect, it } from 'vitest';

import type { RunDocument } from '../host';
import { endingOf, entriesOf, listChanges, tallyOf, type Listed, type Tally } from './runs';

const NOTHING: Tally = { new: 0, gone: 0, changed: 0 };

function run(id: number, at: string, more: Partial<RunDocument> = {}): RunDocument {
  return { id, trigger: 'schedule', started_at: at, finished_at: at, stopped: false, subnets: [{ subnet: 1, cidr: '10.0.0.0/24', description: '', outcome: 'scanned', scan: id }], ...more };
}

const runs = [run(6, '2026-03-12T13:00:00Z'), run(5, '2026-03-12T12:30:00Z'), run(4, '2026-03-12T12:00:00Z'), run(3, '2026-03-12T11:30:00Z'), run(2, '2026-03-11T13:00:00Z'), run(1, '2026-03-11T12:30:00Z')];
const tallies = new Map(runs.map(({ id }) => [id, id === 3 ? { ...NOTHING, new: 1 } : NOTHING]));
const listed = (part: Partial<Listed> = {}): Listed => ({ runs, tallies, running: null, selected: null, opened: new Set(), only: 'all', ...part });
const shape = (part: Partial<Listed> = {}) => entriesOf(listed(part)).map((entry) => (entry.kind === 'day' ? 'day' : entry.kind === 'run' ? entry.run.id : entry.runs.map((one) => one.id)));

describe('the list of runs', () => {
  it('folds what changed nothing, but neither the newest nor over midnight', () => {
    expect(shape()).toEqual(['day', 6, [5, 4], 3, 'day', [2, 1]]);
  });

  it('folds neither the selected one nor one of which it is not known', () => {
    expect(shape({ selected: 4 })).toEqual(['day', 6, [5], 4, 3, 'day', [2, 1]]);
    expect(shape({ tallies: new Map([...tallies].filter(([id]) => id !== 2)) })).toEqual(['day', 6, [5, 4], 3, 'day', 2, [1]]);
  });

  it('unfolds what somebody opened', () => {
    expect(shape({ opened: new Set([5]) })).toEqual(['day', 6, 5, 4, 3, 'day', [2, 1]]);
  });

  it('leaves open what was opened when one of them is chosen, or a new one comes', () => {
    const opened = new Set([5, 4]);
    expect(shape({ opened, selected: 5 })).toEqual(['day', 6, 5, 4, 3, 'day', [2, 1]]);
    expect(shape({ opened, selected: 4 })).toEqual(['day', 6, 5, 4, 3, 'day', [2, 1]]);
    const newer = run(7, '2026-03-12T13:30:00Z');
    expect(shape({ opened, runs: [newer, ...runs], tallies: new Map(tallies).set(7, NOTHING) })).toEqual(['day', 7, 6, 5, 4, 3, 'day', [2, 1]]);
  });

  it('shows only those with changes, or with problems', () => {
    expect(shape({ only: 'changes' })).toEqual(['day', 3]);
    expect(shape({ only: 'problems', runs: [run(9, '2026-03-12T13:00:00Z'), run(8, '2026-03-12T12:00:00Z', { finished_at: null })] })).toEqual(['day', 8]);
  });
});

describe('the ending of a run', () => {
  const part = run(1, '').subnets[0]!;
  it.each([
    ['running', run(7, '', { finished_at: null }), 7],
    ['cut-short', run(7, '', { finished_at: null }), null],
    ['stopped', run(7, '', { stopped: true }), null],
    ['partly', run(7, '', { subnets: [part, { ...part, subnet: 2, outcome: 'failed' }] }), null],
    ['failed', run(7, '', { subnets: [{ ...part, outcome: 'failed' }] }), null],
    ['not-run', run(7, '', { subnets: [], problem: { code: 'nmap-missing', severity: 'needs-person', area: '', what: '', remedy: '' } }), null],
    ['ok', run(7, ''), null],
  ] as const)('is %s', (ending, of, running) => expect(endingOf(of, running)).toBe(ending));
});

it('lists changes one by one', () => {
  const changes = [{ subnet: 1, cidr: '10.0.0.0/24', new: ['10.0.0.5'], gone: ['10.0.0.6', '10.0.0.7'], changed: [] }];
  expect(tallyOf(changes)).toEqual({ new: 1, gone: 2, changed: 0 });
  expect(listChanges(changes).map(({ kind, ip }) => `${kind} ${ip}`)).toEqual(['new 10.0.0.5', 'gone 10.0.0.6', 'gone 10.0.0.7']);
});
