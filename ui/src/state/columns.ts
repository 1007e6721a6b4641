// The columns of the host table: which there are, how they pair up where a row has two lines, and what stands in them.

import type { AddressDocument } from '../host';
import type { Format, Words } from '../i18n/index.svelte';
import { macOf, nameOf, standingOf, type SortKey } from './hosts';

export const COLUMNS = ['address', 'standing', 'name', 'description', 'mac', 'vendor', 'by', 'seen', 'rtt', 'first', 'owner', 'note'] as const;
export type Column = (typeof COLUMNS)[number];

/** These are always shown: without them nobody knows what a row is about. */
export const FIXED: readonly Column[] = ['address', 'standing'];
export const USUAL: readonly Column[] = ['address', 'standing', 'name', 'description', 'mac', 'vendor', 'by', 'seen'];

/** Columns that stand over one another where a row has two lines. */
const PAIRS: readonly (readonly [Column, Column])[] = [
  ['address', 'standing'],
  ['name', 'description'],
  ['mac', 'vendor'],
  ['by', 'seen'],
  ['rtt', 'first'],
  ['owner', 'note'],
];

export const SORT_OF: Record<Column, SortKey | null> = {
  address: 'address',
  standing: null,
  name: 'name',
  description: 'description',
  mac: 'mac',
  vendor: 'vendor',
  by: null,
  seen: 'seen',
  rtt: 'rtt',
  first: 'first',
  owner: 'owner',
  note: null,
};

/** The chosen columns as they stand side by side: one in each place, or two over one another. */
export function places(chosen: ReadonlySet<Column>, oneLine: boolean): Column[][] {
  const shown = (column: Column) => FIXED.includes(column) || chosen.has(column);
  if (oneLine) return COLUMNS.filter(shown).map((column) => [column]);
  return PAIRS.map((pair) => pair.filter(shown)).filter((pair) => pair.length > 0);
}

/** The least width in rem, and how much of what is left over: where a row has two lines, and where it has one. */
const WIDTHS: Record<Column, readonly [[number, number], [number, number]]> = {
  address: [[6.75, 1], [6.25, 0.8]],
  standing: [[5, 0.7], [4.75, 0.6]],
  name: [[6.25, 1.7], [5, 2.3]],
  description: [[6.125, 1.6], [4, 1.7]],
  mac: [[7.75, 1.2], [7.75, 0.4]],
  vendor: [[5, 1.1], [3.5, 1.5]],
  by: [[4.6875, 0.7], [3.5, 0.5]],
  seen: [[4.75, 0.8], [2.75, 0.8]],
  rtt: [[4.5, 0.6], [3.5, 0.5]],
  first: [[5.5, 0.9], [3.5, 0.9]],
  owner: [[5, 1], [3.5, 1]],
  note: [[5, 1.2], [3.5, 1.2]],
};

/** How wide the places are, as a grid's template with the mark in front, and what they need at least. */
export function widthOf(places: readonly (readonly Column[])[], oneLine: boolean): { template: string; least: string } {
  const tracks = places.map(([first]) => WIDTHS[first as Column][oneLine ? 1 : 0]);
  return {
    template: `1.25rem ${tracks.map(([least, share]) => `minmax(${least}rem, ${share}fr)`).join(' ')}`,
    least: `${tracks.reduce((sum, [width]) => sum + width + 0.5, 2.75)}rem`,
  };
}

export interface Shown {
  text: string;
  /** Addresses and MACs. */
  mono?: boolean;
  /** Words of our own in place of a value, or of lesser weight. */
  faint?: boolean;
  /** From outside. */
  foreign?: boolean;
}

/** What stands in a cell. */
export function shown(column: Column, row: AddressDocument, t: Words, format: Format, now: number): Shown {
  const words = t.subnet;
  const { ipam, seen } = row;
  const foreign = (text: string | null | undefined): Shown => ({ text: text ?? '', foreign: true });
  switch (column) {
    case 'address':
      return { text: row.ip, mono: true };
    case 'standing':
      return { text: standingWords(row, t), faint: true };
    case 'name': {
      const name = nameOf(row);
      return name ? foreign(name) : { text: words.table.noName, faint: true };
    }
    case 'description':
      return ipam === null ? { text: words.table.notInIpam, faint: true } : { ...foreign(ipam.description), faint: true };
    case 'mac':
      return { text: macOf(row) ?? '', mono: true };
    case 'vendor': {
      const differs = row.differences?.some((one) => one.field === 'mac') ?? false;
      return differs ? { text: words.table.newMac(seen?.vendor ?? null), foreign: true, faint: true } : { ...foreign(seen?.vendor), faint: true };
    }
    case 'by':
      return seen === null ? { text: words.table.neverSeen, faint: true } : { text: seen.up ? words.seenBy[seen.seen_by] : words.table.notSeen };
    case 'seen':
      return { text: seen === null ? '' : format.when(seen.last_at, now), faint: true };
    case 'rtt':
      return { text: typeof seen?.rtt_ms === 'number' ? words.table.ms(format.number(seen.rtt_ms)) : '' };
    case 'first':
      return { text: seen === null ? '' : format.when(seen.first_at, now), faint: true };
    case 'owner':
      return foreign(ipam?.owner);
    case 'note':
      return { ...foreign(ipam?.note), faint: true };
  }
}

/** What of a cell is copied: the value as it is, and nothing where there is none. Times are ISO 8601, round-trip times milliseconds. */
export function copied(column: Column, row: AddressDocument, t: Words): string {
  const { ipam, seen } = row;
  switch (column) {
    case 'address':
      return row.ip;
    case 'standing':
      return standingWords(row, t);
    case 'name':
      return nameOf(row) ?? '';
    case 'description':
      return ipam?.description ?? '';
    case 'mac':
      return macOf(row) ?? '';
    case 'vendor':
      return seen?.vendor ?? '';
    case 'by':
      return seen === null ? '' : seen.up ? t.subnet.seenBy[seen.seen_by] : t.subnet.table.notSeen;
    case 'seen':
      return seen?.last_at ?? '';
    case 'rtt':
      return seen?.rtt_ms?.toString() ?? '';
    case 'first':
      return seen?.first_at ?? '';
    case 'owner':
      return ipam?.owner ?? '';
    case 'note':
      return ipam?.note ?? '';
  }
}

/** What an address is, in words: “Missing, 3×”. */
export function standingWords(row: AddressDocument, t: Words): string {
  const standing = standingOf(row);
  if (standing === 'unscanned') return t.subnet.standingsPlain.unscanned;
  if (standing === 'missing' && row.misses) return t.subnet.table.missed(row.misses);
  return t.common.standings[standing];
}

const KEPT_AS = 'fieldscan.columns';

/** The columns that the person chose last. */
export function keptColumns(): Set<Column> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT_AS) ?? 'null');
    if (Array.isArray(kept)) return new Set(COLUMNS.filter((column) => kept.includes(column)));
  } catch {
    // What can't be read was not chosen.
  }
  return new Set(USUAL);
}

export function keepColumns(columns: ReadonlySet<Column>): void {
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify([...columns]));
  } catch {
    // Without a place to keep them they last as long as the window.
  }
}
