import { beforeEach, expect, it } from 'vitest';

import { format, t } from '../i18n/index.svelte';
import { tabbed } from './clipboard';
import { COLUMNS, copied, keepColumns, keptColumns, places, shown, USUAL } from './columns';
import { address } from './sample';

beforeEach(() => localStorage.clear());

it('pairs columns where a row has two lines, and drops those that are not chosen', () => {
  expect(places(new Set(USUAL), false)).toEqual([['address', 'standing'], ['name', 'description'], ['mac', 'vendor'], ['by', 'seen']]);
  expect(places(new Set(['vendor']), false)).toEqual([['address', 'standing'], ['vendor']]);
  expect(places(new Set(['vendor']), true)).toEqual([['address'], ['standing'], ['vendor']]);
});

it('remembers the choice, and falls back where that can’t be read', () => {
  keepColumns(new Set(['owner']));
  expect([...keptColumns()]).toEqual(['owner']);
  localStorage.setItem('fieldscan.columns', '{');
  expect([...keptColumns()]).toEqual([...USUAL]);
});

it('says what an address is, and what is not there', () => {
  const text = (column: Parameters<typeof shown>[0], row: ReturnType<typeof address>) => shown(column, row, t(), format(), Date.parse('2026-03-12T14:00:00Z')).text;
  const missing = address('10.0.0.44', 'missing', { name: 'pc', misses: 3 });
  const unknown = address('10.0.0.118', 'unknown');
  expect([text('standing', missing), text('by', missing), text('name', unknown), text('description', unknown), text('standing', address('10.0.0.1', null))]).toEqual(['Missing, 3×', 'Not seen', 'no name', 'Not in phpIPAM', 'Not scanned']);
});

it('copies values, and nothing in the place of one that is not there', () => {
  const unknown = { ...address('10.0.0.118', 'unknown'), ipam: null };
  const cells = (row: ReturnType<typeof address>) => COLUMNS.map((column) => copied(column, row, t()));
  expect(cells(unknown).join()).not.toMatch(/no name|Not in phpIPAM/);
  expect(copied('seen', unknown, t())).toBe(unknown.seen?.last_at);
  expect(cells({ ...unknown, seen: null }).slice(2), 'never seen').toEqual(Array(COLUMNS.length - 2).fill(''));
});

it('copies cells that no spreadsheet takes for a formula or for two cells', () => {
  expect(tabbed([['=1+1', 'a\tb'], ['-x', 'line\nbreak']])).toBe("'=1+1\ta b\n'-x\tline break");
  expect(tabbed([['＝1', '"=1+1"', ' @x'], ['"open', 'next', 'a "b"']])).toBe(`'＝1\t'"=1+1"\t' @x\n"""open"\tnext\ta "b"`);
});
