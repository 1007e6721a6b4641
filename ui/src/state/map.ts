// The geometry of the address map: which cells there are, what each shows, and where the keyboard goes.

import { needsLook, type Hosts, type HostStanding } from './hosts';
import { addressOf, around, cidrOf, ipv4Network, isEdge, type Ipv4Network } from './network';

export const COLUMNS = 16;

/** How a network is drawn. */
export type MapShape =
  /** Each cell is an address, in blocks of at most 256. */
  | { kind: 'addresses'; network: Ipv4Network; blocks: Ipv4Network[] }
  /** Each cell is a /24. */
  | { kind: 'networks'; network: Ipv4Network; cells: Ipv4Network[] }
  /** Too wide to be drawn: a list of /16s. */
  | { kind: 'wide'; network: Ipv4Network }
  /** IPv6: known hosts as a list. */
  | { kind: 'list' };

/** How the map of a network is drawn. */
export function shapeOf(cidr: string): MapShape {
  const network = ipv4Network(cidr);
  if (!network) return { kind: 'list' };
  if (network.prefix < 16) return { kind: 'wide', network };
  if (network.prefix < 22) return { kind: 'networks', network, cells: split(network, 24) };
  return { kind: 'addresses', network, blocks: network.prefix < 24 ? split(network, 24) : [network] };
}

function split(network: Ipv4Network, prefix: number): Ipv4Network[] {
  const size = 2 ** (32 - prefix);
  return Array.from({ length: network.size / size }, (_, index) => ({ base: network.base + index * size, prefix, size }));
}

/** What the cell of an address shows. */
export type CellStanding = HostStanding | 'reserved' | 'free';

export interface Cell {
  /** The row of the address; -1 if it has none. */
  row: number;
  standing: CellStanding;
  misses: number;
}

/** What each address of a block shows. `network` is the whole subnet: its first and last address are no host's. */
export function cellsOf(hosts: Hosts, block: Ipv4Network, network: Ipv4Network): Cell[] {
  const cells: Cell[] = Array.from({ length: block.size }, (_, offset) => {
    const value = block.base + offset;
    return { row: -1, standing: isEdge(network, value) ? 'reserved' : 'free', misses: 0 };
  });
  hosts.within(block, (row, offset) => {
    cells[offset] = { row, standing: hosts.standing(row), misses: hosts.row(row).misses ?? 0 };
  });
  return cells;
}

/** What is in a network, as one cell shows it. */
export interface NetworkCell {
  network: Ipv4Network;
  /** How many of its addresses phpIPAM or a scan knows, whatever they are. */
  rows: number;
  /** How many of its addresses answer. */
  up: number;
  /** Known hosts, whether up or missing, and how many of them are up. */
  known: number;
  knownUp: number;
  unknown: number;
  missing: number;
  mismatch: number;
  /** What lies on top: the worst. */
  worst: 'unknown' | 'missing' | 'mismatch' | null;
}

/** What is in each of several networks. */
export function networkCellsOf(hosts: Hosts, networks: readonly Ipv4Network[]): NetworkCell[] {
  return networks.map((network) => {
    const tally = { unknown: 0, missing: 0, mismatch: 0, known: 0, unseen: 0, excluded: 0, unscanned: 0 };
    let rows = 0;
    hosts.within(network, (row) => {
      tally[hosts.standing(row)] += 1;
      rows += 1;
    });
    return {
      network,
      rows,
      up: tally.known + tally.unknown + tally.mismatch,
      known: tally.known + tally.mismatch + tally.missing + tally.unseen,
      knownUp: tally.known + tally.mismatch,
      unknown: tally.unknown,
      missing: tally.missing,
      mismatch: tally.mismatch,
      worst: tally.unknown > 0 ? 'unknown' : tally.missing > 0 ? 'missing' : tally.mismatch > 0 ? 'mismatch' : null,
    };
  });
}

/** The /16s of a wider network that have hosts. */
export function usedNetworks(hosts: Hosts, network: Ipv4Network, prefix: number): Ipv4Network[] {
  const found = new Map<number, Ipv4Network>();
  hosts.within(network, (row) => {
    const one = around(hosts.values[row] as number, prefix);
    found.set(one.base, one);
  });
  return [...found.values()];
}

/** Where a key leads among cells that are counted through, 16 in a row; null if the key does not move. */
export function moved(key: string, from: number, count: number, whole: boolean): number | null {
  const row = from - (from % COLUMNS);
  switch (key) {
    case 'ArrowLeft':
      return Math.max(0, from - 1);
    case 'ArrowRight':
      return Math.min(count - 1, from + 1);
    case 'ArrowUp':
      return from < COLUMNS ? from : from - COLUMNS;
    case 'ArrowDown':
      return from + COLUMNS < count ? from + COLUMNS : from;
    case 'Home':
      return whole ? 0 : row;
    case 'End':
      return whole ? count - 1 : Math.min(count - 1, row + COLUMNS - 1);
    case 'PageUp':
      return from >= 256 ? from - 256 : from % COLUMNS;
    case 'PageDown': {
      if (from + 256 < count) return from + 256;
      const last = count - 1 - ((count - 1 - (from % COLUMNS)) % COLUMNS);
      return Math.max(from, last);
    }
    default:
      return null;
  }
}

/** The next address that needs a look after (or before) one, going round; null if none does. */
export function nextLook(hosts: Hosts, from: string | null, back: boolean): string | null {
  const order = hosts.order('address');
  const begin = from === null ? (back ? order.length : -1) : hosts.placeOf(from);
  for (let step = 1; step <= order.length; step += 1) {
    const place = (back ? Math.ceil(begin) - step : Math.floor(begin) + step) % order.length;
    const index = order.at(place) as number;
    if (needsLook(hosts.standing(index))) return hosts.row(index).ip;
  }
  return null;
}

/** The network that is drawn: the whole subnet, or what was drilled into. */
export function drawn(cidr: string, place: string | null): { whole: MapShape; shown: MapShape; drilled: Ipv4Network | null; selected: string | null } {
  const whole = shapeOf(cidr);
  if (place === null || whole.kind === 'list') return { whole, shown: whole, drilled: null, selected: place };
  const network = ipv4Network(place);
  if (network) {
    const inside = network.base >= whole.network.base && network.base + network.size <= whole.network.base + whole.network.size;
    if (!inside || network.size >= whole.network.size || whole.kind === 'addresses') return { whole, shown: whole, drilled: null, selected: null };
    return { whole, shown: shapeOf(cidrOf(network)), drilled: network, selected: null };
  }
  const value = ipv4Network(`${place}/32`)?.base;
  if (value === undefined) return { whole, shown: whole, drilled: null, selected: null };
  if (whole.kind === 'addresses') return { whole, shown: whole, drilled: null, selected: addressOf(value) };
  const drilled = around(value, 24);
  return { whole, shown: shapeOf(cidrOf(drilled)), drilled, selected: addressOf(value) };
}
