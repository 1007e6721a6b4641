// A generated site: its subnets, and what phpIPAM says and scans saw of every address.

import type { AddressDocument, Counts, LeftOutWhy, Plan, SeenBy, Standing } from '../types';
import { ipOf, networkOf } from './network';
import type { Options } from './options';
import { pick, randomOf } from './random';

export interface FakeSubnet {
  id: number;
  cidr: string;
  description: string;
  plan: Plan;
  leftOut?: 'folder' | 'not-enabled' | 'nothing-known';
  addresses: () => AddressDocument[];
  counts: Counts;
}

/** What a subnet holds, as parts of the last byte: `[from, to]` in each /24. */
interface Shape {
  id: number;
  cidr: string;
  description: string;
  names: readonly string[];
  known: (block: number) => readonly (readonly [number, number])[];
  unknown?: readonly number[];
  missing?: Readonly<Record<number, number>>;
  mismatch?: readonly number[];
  unseen?: readonly number[];
  reserved?: readonly (readonly [number, number])[];
}

const VENDORS: readonly (readonly [string, string])[] = [
  ['00:1b:54', 'Cisco Systems'],
  ['fc:ec:da', 'Ubiquiti'],
  ['00:11:32', 'Synology'],
  ['00:80:77', 'Brother Industries'],
  ['f8:bc:12', 'Dell'],
  ['80:5e:c0', 'Yealink'],
  ['ac:3f:a4', 'Zebra Technologies'],
  ['00:0e:8c', 'Siemens'],
  ['b8:27:eb', 'Raspberry Pi Foundation'],
  ['24:0a:c4', 'Espressif'],
];

const REASONS: readonly SeenBy[] = ['arp-response', 'arp-response', 'arp-response', 'echo-reply', 'syn-ack', 'reset'];

const OFFICE = ['gw-depot', 'sw-depot', 'ap-office', 'print-office', 'pc-accounts', 'pc-dispatch', 'phone-dispatch', 'nas-depot', 'pc-reception'];
const CAMERAS = ['gw-cameras', 'cam-yard', 'cam-dock', 'cam-gate', 'nvr-depot'];
const WAREHOUSE = ['gw-warehouse', 'sw-wh', 'ap-wh', 'print-label', 'plc-conveyor', 'scanner', 'scale'];
const PLANT = ['gw-plant', 'plc-press', 'hmi-line', 'cam-hall', 'ap-hall', 'pc-hall', 'robot', 'sensor'];

const DEPOT: readonly Shape[] = [
  {
    id: 101,
    cidr: '10.20.0.0/24',
    description: 'Depot – office',
    names: OFFICE,
    known: () => [[1, 14], [20, 23], [25, 28], [30, 31], [32, 34], [36, 40], [42, 46], [48, 50], [60, 76], [200, 203]],
    unknown: [118, 131],
    missing: { 44: 3 },
    mismatch: [73],
    reserved: [[240, 254]],
  },
  {
    id: 102,
    cidr: '10.20.1.0/24',
    description: 'Depot – cameras',
    names: CAMERAS,
    known: () => [[1, 2], [10, 11], [21, 54]],
    missing: { 27: 12 },
    reserved: [[240, 254]],
  },
  {
    id: 103,
    cidr: '10.20.4.0/22',
    description: 'Warehouse',
    names: WAREHOUSE,
    known: (block) =>
      [
        [[1, 5], [10, 27], [29, 43], [45, 60], [62, 74], [96, 120]],
        [[1, 15], [17, 40], [42, 70], [72, 100], [102, 111], [120, 130]],
        [[1, 6], [9, 19], [21, 30], [34, 45], [64, 79], [96, 111]],
        [[1, 3], [16, 32]],
      ][block] as [number, number][],
    unknown: [2 * 256 + 88],
  },
];

const LARGE: Shape = {
  id: 104,
  cidr: '10.40.0.0/16',
  description: 'Regional plant',
  names: PLANT,
  known: () => [[0, 255]],
  unknown: [3 * 256 + 9, 37 * 256 + 77, 70 * 256 + 200],
  missing: { [19 * 256 + 4]: 5, [52 * 256 + 8]: 2, [131 * 256 + 30]: 9 },
  mismatch: [66 * 256 + 12],
  unseen: [88 * 256 + 3],
};

/** The site that the options ask for. `now` is when it was scanned last. */
export function siteOf(options: Options, now: number): FakeSubnet[] {
  if (options.states.has('empty') || options.states.has('first-run')) return [];
  const calm = options.states.has('right');
  const hostile = options.states.has('hostile');
  const shapes = options.site === 'large' ? [...DEPOT, LARGE] : options.site === 'many' ? [...DEPOT, ...many()] : DEPOT;
  const subnets = shapes.map((shape) => subnetOf(calm ? calmed(shape) : shape, now, hostile));
  subnets.push(ipv6(now));
  if (options.site === 'many') {
    subnets.push({ id: 190, cidr: '10.99.0.0/16', description: 'Other sites', plan: 'left-out', leftOut: 'folder', addresses: () => [], counts: zero() });
  }
  return subnets;
}

export function countsOf(addresses: readonly AddressDocument[]): Counts {
  const counts = zero();
  for (const { standing } of addresses) if (standing) counts[standing] += 1;
  counts.up = counts.known + counts.unknown + counts.mismatch;
  return counts;
}

export function zero(): Counts {
  return { known: 0, unknown: 0, unseen: 0, missing: 0, mismatch: 0, excluded: 0, up: 0 };
}

function many(): Shape[] {
  return Array.from({ length: 24 }, (_, index) => ({
    id: 110 + index,
    cidr: `10.30.${index}.0/24`,
    description: index % 5 === 4 ? '' : `Hall ${index + 1} – ${['offices', 'presses', 'packing', 'phones', 'Wi-Fi'][index % 5]}`,
    names: PLANT,
    known: () => [[1, 20 + ((index * 13) % 90)]] as const,
    ...(index % 7 === 3 ? { unknown: [200] } : {}),
  }));
}

function calmed(shape: Shape): Shape {
  return { ...shape, unknown: [], missing: {}, mismatch: [], unseen: [] };
}

function subnetOf(shape: Shape, now: number, hostile: boolean): FakeSubnet {
  let made: AddressDocument[] | null = null;
  const addresses = () => (made ??= addressesOf(shape, now, hostile));
  const description = hostile ? (HOSTILE[shape.id % HOSTILE.length] ?? shape.description) : shape.description;
  return { id: shape.id, cidr: shape.cidr, description, plan: 'sweep', addresses, counts: countsOf(addresses()) };
}

/** What phpIPAM or the DNS may hold. Nothing of it may be more than text. */
export const HOSTILE = [
  '<img src=x onerror="document.title=\'owned\'">',
  `\u202Eevitcefed\u202C ${'x'.repeat(10_000)}`,
  '{{ 7*7 }}<script>document.title="owned"</script>',
  `\u0627\u0644\u0645\u0633\u062A\u0648\u062F\u0639 ${'🙂'.repeat(80)}`,
];

function addressesOf(shape: Shape, now: number, hostile: boolean): AddressDocument[] {
  const network = networkOf(shape.cidr);
  if (!network) return [];
  const random = randomOf(shape.id);
  const rows: AddressDocument[] = [];
  const unknown = new Set(shape.unknown);
  const mismatch = new Set(shape.mismatch);
  const unseen = new Set(shape.unseen);
  for (let offset = 0; offset < network.size; offset += 1) {
    const block = offset >> 8;
    const inside = (ranges: readonly (readonly [number, number])[]) => ranges.some(([from, to]) => (offset & 255) >= from && (offset & 255) <= to);
    const misses = shape.missing?.[offset];
    const standing: Standing | null = unknown.has(offset)
      ? 'unknown'
      : misses !== undefined
        ? 'missing'
        : mismatch.has(offset)
          ? 'mismatch'
          : unseen.has(offset)
            ? 'unseen'
            : inside(shape.known(block))
              ? 'known'
              : shape.reserved && inside(shape.reserved)
                ? 'excluded'
                : null;
    if (standing) rows.push(address(shape, network.base + offset, offset, standing, misses ?? (standing === 'unseen' ? 1 : 0), now, random, hostile));
  }
  return rows;
}

function address(shape: Shape, value: number, offset: number, standing: Standing, misses: number, now: number, random: () => number, hostile: boolean): AddressDocument {
  const vendor = pick(random, VENDORS);
  const tail = [offset >> 8, offset & 255, Math.floor(random() * 256)].map((byte) => (byte & 255).toString(16).padStart(2, '0')).join(':');
  const mac = `${vendor[0]}:${tail}`;
  const first = shape.names[0] as string;
  const name = offset === 1 ? first : `${pick(random, shape.names.slice(1))}-${offset}`;
  const evil = hostile && offset % 9 === 3;
  const inIpam = standing !== 'unknown';
  const up = standing === 'known' || standing === 'unknown' || standing === 'mismatch';
  const wasMac = `${vendor[0]}:11:0a:9c`;
  const row: AddressDocument = {
    ip: ipOf(value),
    subnet: shape.id,
    standing,
    ipam: inIpam
      ? {
          id: value % 100_000,
          hostname: standing === 'excluded' ? null : name,
          mac: standing === 'mismatch' ? wasMac : random() < 0.8 ? mac : null,
          description: evil ? (HOSTILE[offset % HOSTILE.length] as string) : standing === 'excluded' ? 'Kept free' : `${name.split('-')[0]} ${offset & 255}`,
          owner: random() < 0.3 ? 'Facilities' : null,
          note: null,
          is_gateway: offset === 1,
          exclude_ping: standing === 'excluded',
          tag: 2,
          last_seen: '2026-03-12 13:00:22',
          edit_date: '2026-02-03 09:12:00',
          custom: evil ? { Rack: HOSTILE[0] as string } : {},
        }
      : null,
    seen:
      standing === 'excluded'
        ? null
        : {
            up,
            hostname: standing === 'unknown' && offset % 2 === 0 ? null : name,
            ptr: evil ? (HOSTILE[(offset + 1) % HOSTILE.length] as string) : `${name}.depot.example.net`,
            mac: mac,
            mac_random: false,
            other_macs: [],
            vendor: evil ? '<b>Vendor</b>' : vendor[1],
            rtt_ms: Math.round(random() * 90) / 10,
            seen_by: pick(random, REASONS),
            first_at: new Date(now - (standing === 'unknown' ? 70 : 80_000) * 60_000).toISOString(),
            last_at: new Date(now - misses * 30 * 60_000).toISOString(),
            scan: 812,
          },
  };
  if (standing === 'missing' || standing === 'unseen') row.misses = misses;
  if (standing === 'mismatch') row.differences = [{ field: 'mac', ipam: wasMac, seen: mac }];
  return row;
}

function ipv6(now: number): FakeSubnet {
  const random = randomOf(6);
  const tails = ['1', '2', '10', '11', '20', '21', '30', '31', '40', '41', 'a0', 'a1'];
  const shape: Shape = { id: 105, cidr: 'fd00:20::/64', description: 'IPv6 – known hosts only', names: OFFICE, known: () => [] };
  const rows = tails.map((tail, index) => ({ ...address(shape, index, index + 1, 'known', 0, now, random, false), ip: `fd00:20::${tail}` }));
  return { id: 105, cidr: shape.cidr, description: shape.description, plan: 'known', addresses: () => rows, counts: countsOf(rows) };
}

/** Why a subnet is not scanned. */
export function leftOutOf(subnet: FakeSubnet): LeftOutWhy {
  return { reason: subnet.leftOut ?? 'folder', words: 'It is a folder: it holds subnets and has no addresses of its own.' };
}
