// What a small map draws: one path for each kind of cell, since a path of a thousand squares is one element.

import type { AddressDocument, Standing } from '../host';
import { ipv4, ipv4Network, type Ipv4Network } from '../state/network';

/** The paths of a map, in the order in which they are drawn. */
export interface Drawing {
  width: number;
  height: number;
  free: string;
  /** The hatch over cells that no host may have. */
  hatch: string;
  /** The bar across cells that are left out of scans. */
  bar: string;
  known: string;
  unseen: string;
  /** Documented, and never tried. */
  unscanned: string;
  missing: string;
  mismatchKnown: string;
  mismatch: string;
  unknown: string;
}

const WIDTH = 174;
const COLUMNS = 16;
/** Standings of what answers. */
const UP: ReadonlySet<Standing> = new Set<Standing>(['known', 'unknown', 'mismatch']);
/** Between the maps of a /23 or /22. */
const GAP = 10;

type Layers = Record<Exclude<keyof Drawing, 'width' | 'height'>, string[]>;

interface Place {
  x: number;
  y: number;
}

/** Draws a subnet's addresses; null where there is no map: IPv6, or wider than a /16. */
export function draw(cidr: string, addresses: readonly AddressDocument[]): Drawing | null {
  const network = ipv4Network(cidr);
  if (!network || network.prefix < 16) return null;
  if (network.prefix >= 22) return drawAddresses(network, addresses);
  return drawBlocks(network, addresses);
}

/** A cell for each address: one map for a /24, two or four for a /23 or /22, rows of 16 for smaller ones. */
function drawAddresses(network: Ipv4Network, addresses: readonly AddressDocument[]): Drawing {
  const blocks = Math.max(1, network.size / 256);
  const perRow = blocks > 1 ? 2 : 1;
  const blockWidth = (WIDTH - GAP * (perRow - 1)) / perRow;
  const pitch = (blockWidth + 1) / COLUMNS;
  const rows = Math.ceil(Math.min(network.size, 256) / COLUMNS);
  const cell = pitch - 1;
  const placeOf = (offset: number): Place => {
    const block = offset >> 8;
    const inside = offset & 255;
    return {
      x: (block % perRow) * (blockWidth + GAP) + (inside % COLUMNS) * pitch,
      y: Math.floor(block / perRow) * (rows * pitch - 1 + GAP) + Math.floor(inside / COLUMNS) * pitch,
    };
  };
  const layers = empty();
  const standings = new Map<number, Standing | 'unscanned'>();
  for (const { ip, standing } of addresses) {
    const value = ipv4(ip);
    if (value !== null) standings.set(value - network.base, standing ?? 'unscanned');
  }
  for (let offset = 0; offset < network.size; offset += 1) {
    const place = placeOf(offset);
    const edge = network.prefix <= 30 && (offset === 0 || offset === network.size - 1);
    cellOf(layers, place, cell, standings.get(offset) ?? (edge ? 'reserved' : null));
  }
  const blockRows = Math.ceil(blocks / perRow);
  return finished(layers, WIDTH, blockRows * (rows * pitch - 1) + (blockRows - 1) * GAP);
}

/** A cell for each /24: filled by how much of it is in use, with the worst mark on top. */
function drawBlocks(network: Ipv4Network, addresses: readonly AddressDocument[]): Drawing {
  const pitch = (WIDTH + 1) / COLUMNS;
  const cell = pitch - 1;
  const blocks = network.size / 256;
  const used = new Uint16Array(blocks);
  const worst = new Map<number, Standing>();
  for (const { ip, standing } of addresses) {
    const value = ipv4(ip);
    if (value === null) continue;
    const block = (value - network.base) >> 8;
    if (block < 0 || block >= blocks) continue;
    if (standing && UP.has(standing)) used[block] = (used[block] ?? 0) + 1;
    // Only what needs a look, as on the map of the subnet.
    if (standing && rank(standing) > rank(worst.get(block) ?? 'unseen')) worst.set(block, standing);
  }
  const layers = empty();
  for (let block = 0; block < blocks; block += 1) {
    const place = { x: (block % COLUMNS) * pitch, y: Math.floor(block / COLUMNS) * pitch };
    layers.free.push(square(place.x, place.y, cell, cell, 2));
    const share = Math.min(1, (used[block] ?? 0) / 254);
    if (share > 0) {
      const height = Math.max(1.5, cell * share);
      layers.known.push(square(place.x, place.y + cell - height, cell, height, Math.min(2, height / 2)));
    }
    const mark = worst.get(block);
    if (mark) markOf(layers, { x: place.x + cell / 2, y: place.y + cell / 2 }, 7, mark);
  }
  return finished(layers, WIDTH, Math.ceil(blocks / COLUMNS) * pitch - 1);
}

function cellOf(layers: Layers, { x, y }: Place, size: number, standing: Standing | 'reserved' | 'unscanned' | null): void {
  const radius = size > 6 ? 2 : 1;
  const centre = { x: x + size / 2, y: y + size / 2 };
  if (standing === 'known') {
    layers.known.push(square(x, y, size, size, radius));
    return;
  }
  layers.free.push(square(x, y, size, size, radius));
  const inset = size > 6 ? 2 : 1;
  if (standing === 'excluded') {
    layers.bar.push(`M${r(x + inset)} ${r(centre.y)}H${r(x + size - inset)}`);
  } else if (standing === 'reserved') {
    layers.hatch.push(`M${r(x + inset)} ${r(y + size - inset)}L${r(x + size - inset)} ${r(y + inset)}`);
  } else if (standing === 'unscanned') {
    layers.unscanned.push(square(x + 0.5, y + 0.5, size - 1, size - 1, radius));
  } else if (standing) {
    markOf(layers, centre, size > 6 ? 10 : 7, standing);
  }
}

/** A mark around a point. Marks may be larger than their cell: what needs a look must be seen. */
function markOf(layers: Layers, { x, y }: Place, size: number, standing: Standing): void {
  const half = size / 2;
  switch (standing) {
    case 'unknown': {
      const arm = half + 1.5;
      layers.unknown.push(`M${r(x)} ${r(y - arm)}L${r(x + arm)} ${r(y)}L${r(x)} ${r(y + arm)}L${r(x - arm)} ${r(y)}z`);
      return;
    }
    case 'missing':
      layers.missing.push(square(x - half + 0.75, y - half + 0.75, size - 1.5, size - 1.5, 1.5));
      return;
    case 'unseen':
      layers.unseen.push(square(x - half + 0.75, y - half + 0.75, size - 1.5, size - 1.5, 1.5));
      return;
    case 'mismatch':
      layers.mismatchKnown.push(`M${r(x - half)} ${r(y - half)}h${r(size - 1)}L${r(x - half)} ${r(y + half - 1)}z`);
      layers.mismatch.push(`M${r(x + half)} ${r(y + half)}h${r(1 - size)}L${r(x + half)} ${r(y - half + 1)}z`);
      return;
    case 'known':
    case 'excluded':
      return;
  }
}

function rank(standing: Standing): number {
  return ['excluded', 'known', 'unseen', 'mismatch', 'missing', 'unknown'].indexOf(standing);
}

function empty(): Layers {
  return { free: [], hatch: [], bar: [], known: [], unseen: [], unscanned: [], missing: [], mismatchKnown: [], mismatch: [], unknown: [] };
}

function finished(layers: Layers, width: number, height: number): Drawing {
  const joined = Object.fromEntries(Object.entries(layers).map(([name, paths]) => [name, paths.join('')])) as Omit<Drawing, 'width' | 'height'>;
  return { width, height, ...joined };
}

function square(x: number, y: number, width: number, height: number, radius: number): string {
  const [w, h] = [width - 2 * radius, height - 2 * radius];
  const arc = (dx: number, dy: number) => `a${r(radius)} ${r(radius)} 0 0 1 ${r(dx)} ${r(dy)}`;
  return `M${r(x + radius)} ${r(y)}h${r(w)}${arc(radius, radius)}v${r(h)}${arc(-radius, radius)}h${r(-w)}${arc(-radius, -radius)}v${r(-h)}${arc(radius, -radius)}z`;
}

/** Two decimals are finer than any screen. */
function r(value: number): number {
  return Math.round(value * 100) / 100;
}
