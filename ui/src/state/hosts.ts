// The addresses of a subnet, laid out so that 65,536 of them are listed, sorted and searched without a wait that anybody feels.

import type { AddressDocument, Standing } from '../host';
import { ipv4, contains, type Ipv4Network } from './network';

/** What an address is, the most urgent first. `unscanned` is one that phpIPAM has and no scan has tried yet. */
export const STANDINGS = ['unknown', 'missing', 'mismatch', 'known', 'unseen', 'unscanned', 'excluded'] as const;
export type HostStanding = (typeof STANDINGS)[number];

/** Parts of the list that have a heading, in the order of the standings in them. What was never scanned comes before what never will be. */
export const GROUPS = ['look', 'documented', 'unseen', 'unscanned', 'excluded'] as const;
export type Group = (typeof GROUPS)[number];

const GROUP_OF: Record<HostStanding, Group> = {
  unknown: 'look',
  missing: 'look',
  mismatch: 'look',
  known: 'documented',
  unseen: 'unseen',
  unscanned: 'unscanned',
  excluded: 'excluded',
};

export const SORTS = ['address', 'name', 'description', 'mac', 'vendor', 'seen', 'rtt', 'first', 'owner'] as const;
export type SortKey = (typeof SORTS)[number];

export interface Sort {
  by: SortKey;
  down: boolean;
}

export function standingOf(row: AddressDocument): HostStanding {
  return row.standing ?? 'unscanned';
}

export function groupOf(standing: HostStanding): Group {
  return GROUP_OF[standing];
}

/** Whether somebody should have a look at it. */
export function needsLook(standing: HostStanding): boolean {
  return GROUP_OF[standing] === 'look';
}

/** The name that is shown: what was seen, or else what phpIPAM has. */
export function nameOf(row: AddressDocument): string | null {
  return row.seen?.hostname ?? row.ipam?.hostname ?? null;
}

export function macOf(row: AddressDocument): string | null {
  return row.seen?.mac ?? row.ipam?.mac ?? null;
}

const CODES: Record<Standing, number> = { unknown: 0, missing: 1, mismatch: 2, known: 3, unseen: 4, excluded: 6 };
const UNSCANNED = 5;

/** So much of each field is searched: nobody types more, and a hostile field can have any length. */
const SEARCHED = 256;
/** Rows that are made searchable in one go. */
const SLICE = 8_192;

/** More than a subnet can have rows; times 2^32 it's still a whole number. */
const PLACES = 2 ** 20;

interface Order {
  rows: Uint32Array;
  filled: number;
}

/** The rows of one subnet, with what is reckoned from them once. */
export class Hosts {
  readonly size: number;
  /** The place of each row's standing in `STANDINGS`. */
  readonly codes: Uint8Array;
  /** Each row's IPv4 address; -1 for IPv6. */
  readonly values: Float64Array;

  private readonly orders = new Map<SortKey, Order>();
  private readonly haystack: string[] = [];

  /** With `told`, only so many rows from the first are there in full, and of the others the standing. */
  constructor(
    readonly rows: readonly AddressDocument[],
    private readonly told = rows.length,
  ) {
    this.size = rows.length;
    this.codes = new Uint8Array(this.size);
    this.values = new Float64Array(this.size);
    for (let index = 0; index < this.size; index += 1) {
      const row = rows[index] as AddressDocument;
      this.codes[index] = row.standing === null ? UNSCANNED : CODES[row.standing];
      this.values[index] = ipv4(row.ip) ?? -1;
    }
  }

  row(index: number): AddressDocument {
    return this.rows[index] as AddressDocument;
  }

  /** Whether all that is known of a row is there, or still on its way. */
  isTold(index: number): boolean {
    return index < this.told;
  }

  /** Whether that is so of every row. */
  get whole(): boolean {
    return this.told >= this.size;
  }

  standing(index: number): HostStanding {
    return STANDINGS[this.codes[index] as number] as HostStanding;
  }

  /** The row of an address; -1 if there is none. */
  find(ip: string): number {
    const value = ipv4(ip);
    return value === null ? this.rows.findIndex((row) => row.ip === ip) : this.at(value);
  }

  /** The row of an IPv4 address; -1 if there is none. */
  at(value: number): number {
    const order = this.order('address');
    const place = this.firstFrom(value);
    const index = order[place];
    return index !== undefined && this.values[index] === value ? index : -1;
  }

  /** The place of an address among all, in their order; half way between two for one that has no row. */
  placeOf(ip: string): number {
    const row = this.find(ip);
    if (row >= 0) return this.order('address').indexOf(row);
    return this.firstFrom(ipv4(ip) ?? -1) - 0.5;
  }

  /** Calls with each row inside a network, in the order of addresses. */
  within(network: Ipv4Network, call: (index: number, offset: number) => void): void {
    const order = this.order('address');
    const end = network.base + network.size;
    for (let place = this.firstFrom(network.base); place < this.size; place += 1) {
      const index = order[place] as number;
      const value = this.values[index] as number;
      if (value >= end) return;
      call(index, value - network.base);
    }
  }

  /** The rows in that order, ascending; those that have nothing to be sorted by come last. */
  order(by: SortKey): Uint32Array {
    return this.ordered(by).rows;
  }

  /** How many rows of that order have something to be sorted by. */
  filled(by: SortKey): number {
    return this.ordered(by).filled;
  }

  /** Makes more rows searchable. True once all are. */
  prepare(rows = SLICE): boolean {
    const end = Math.min(this.size, this.haystack.length + rows);
    for (let index = this.haystack.length; index < end; index += 1) this.haystack.push(searchText(this.row(index)));
    return this.haystack.length === this.size;
  }

  /** Whether the row has all that was typed. */
  matches(index: number, terms: readonly Term[]): boolean {
    const text = this.haystack[index] as string;
    return terms.every((term) => text.includes(term.text) || (term.mac !== null && text.includes(term.mac)));
  }

  private firstFrom(value: number): number {
    const order = this.order('address');
    let [low, high] = [0, this.size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.values[order[middle] as number] as number) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private ordered(by: SortKey): Order {
    let order = this.orders.get(by);
    if (!order) {
      order = this.sorted(by);
      this.orders.set(by, order);
    }
    return order;
  }

  private sorted(by: SortKey): Order {
    const order = Uint32Array.from({ length: this.size }, (_, index) => index);
    if (by === 'address') {
      const { values } = this;
      // The place of each is part of what is sorted: numbers alone are sorted many times faster than by a function.
      const places = Float64Array.from(order, (index) => (values[index] as number) * PLACES + index).sort();
      return { rows: order.map((_, place) => (places[place] as number) - Math.floor((places[place] as number) / PLACES) * PLACES), filled: this.size };
    }
    if (by === 'rtt') {
      const times = Float64Array.from(this.rows, (row) => row.seen?.rtt_ms ?? Infinity);
      order.sort((a, b) => (times[a] === times[b] ? a - b : (times[a] as number) - (times[b] as number)));
      return { rows: order, filled: times.reduce((sum, time) => sum + Number(time !== Infinity), 0) };
    }
    const keys = this.rows.map(SORT_TEXT[by]);
    order.sort((a, b) => {
      const [one, other] = [keys[a] as string, keys[b] as string];
      if (one === other) return a - b;
      if (one === '' || other === '') return one === '' ? 1 : -1;
      return one < other ? -1 : 1;
    });
    return { rows: order, filled: keys.reduce((sum, key) => sum + Number(key !== ''), 0) };
  }
}

const SORT_TEXT: Record<Exclude<SortKey, 'address' | 'rtt'>, (row: AddressDocument) => string> = {
  name: (row) => natural(nameOf(row)),
  description: (row) => natural(row.ipam?.description),
  mac: (row) => macOf(row) ?? '',
  vendor: (row) => natural(row.seen?.vendor),
  owner: (row) => natural(row.ipam?.owner),
  seen: (row) => row.seen?.last_at ?? '',
  first: (row) => row.seen?.first_at ?? '',
};

/** So that `pc-2` comes before `pc-10`. */
function natural(text: string | null | undefined): string {
  return text ? text.slice(0, 64).toLowerCase().replace(/\d+/g, (digits) => digits.padStart(8, '0')) : '';
}

function searchText(row: AddressDocument): string {
  const { seen, ipam } = row;
  let text = row.ip;
  const add = (field: string | null | undefined) => {
    if (field) text += `\n${field.length > SEARCHED ? field.slice(0, SEARCHED) : field}`;
  };
  add(nameOf(row));
  if (seen?.hostname && ipam?.hostname !== seen.hostname) add(ipam?.hostname);
  add(seen?.ptr);
  for (const mac of seen?.mac === ipam?.mac ? [seen?.mac] : [seen?.mac, ipam?.mac]) {
    add(mac);
    add(mac?.replaceAll(':', ''));
  }
  add(seen?.vendor);
  add(ipam?.description);
  add(ipam?.owner);
  return text.toLowerCase();
}

/** A word to be found. A MAC is found however it is written. */
export interface Term {
  text: string;
  mac: string | null;
}

export function termsOf(needle: string): Term[] {
  return needle
    .toLowerCase()
    .split(/\s+/)
    .filter((text) => text !== '')
    .map((text) => ({ text, mac: /^[0-9a-f]{2}(-[0-9a-f]{2})+$/.test(text) ? text.replaceAll('-', ':') : /^[0-9a-f]{4}(\.[0-9a-f]{4}){1,2}$/.test(text) ? text.replaceAll('.', '') : null }));
}

export interface Wanted {
  needle: string;
  /** Only these, or all with null. */
  standing: HostStanding | null;
  sort: Sort;
  /** Only addresses in there. */
  inside: Ipv4Network | null;
}

export interface Listing {
  /** Rows as they are to be shown. */
  rows: Uint32Array;
  groups: { group: Group; count: number }[];
  /** How many there are of each standing, of those that match what was typed. */
  counts: Record<HostStanding, number>;
  /** All of those together. */
  all: number;
}

/** The rows that are wanted: those that need a look first, and each group sorted. */
export function list(hosts: Hosts, wanted: Wanted): Listing {
  const terms = termsOf(wanted.needle);
  if (terms.length > 0) while (!hosts.prepare());
  const order = hosts.order(wanted.sort.by);
  // Downwards, too, what is empty comes last.
  const turned = wanted.sort.down ? hosts.filled(wanted.sort.by) : 0;
  const tally = new Uint32Array(STANDINGS.length);
  const found = new Uint32Array(hosts.size);
  let many = 0;
  for (let place = 0; place < order.length; place += 1) {
    const index = order[place < turned ? turned - 1 - place : place] as number;
    if (wanted.inside && !contains(wanted.inside, hosts.values[index] as number)) continue;
    if (terms.length > 0 && !hosts.matches(index, terms)) continue;
    tally[hosts.codes[index] as number]! += 1;
    found[many] = index;
    many += 1;
  }

  // Each standing has its place; within it the order stays.
  const only = wanted.standing === null ? null : STANDINGS.indexOf(wanted.standing);
  const next = new Uint32Array(STANDINGS.length);
  let total = 0;
  for (let code = 0; code < STANDINGS.length; code += 1) {
    next[code] = total;
    if (only === null || only === code) total += tally[code] as number;
  }
  const rows = new Uint32Array(total);
  for (let place = 0; place < many; place += 1) {
    const index = found[place] as number;
    const code = hosts.codes[index] as number;
    if (only !== null && only !== code) continue;
    rows[next[code] as number] = index;
    next[code]! += 1;
  }

  const counts = Object.fromEntries(STANDINGS.map((standing, code) => [standing, tally[code]])) as Record<HostStanding, number>;
  const groups = GROUPS.map((group) => ({
    group,
    count: STANDINGS.reduce((sum, standing) => sum + (GROUP_OF[standing] === group && (wanted.standing === null || wanted.standing === standing) ? counts[standing] : 0), 0),
  })).filter(({ count }) => count > 0);
  return { rows, groups, counts, all: many };
}
