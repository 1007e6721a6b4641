import { describe, expect, it } from 'vitest';

import { Hosts } from './hosts';
import { cellsOf, drawn, moved, networkCellsOf, nextLook, shapeOf, usedNetworks } from './map';
import { cidrOf, ipv4Network } from './network';
import { address } from './sample';

describe('the shape of a map', () => {
  it.each([
    ['10.0.0.4/30', [4]],
    ['10.0.0.0/28', [16]],
    ['10.0.0.0/25', [128]],
    ['10.0.0.0/24', [256]],
    ['10.0.0.0/23', [256, 256]],
    ['10.0.0.0/22', [256, 256, 256, 256]],
    ['10.0.0.7/32', [1]],
  ])('%s shows addresses, in blocks of %j', (cidr, sizes) => {
    const shape = shapeOf(cidr);
    expect(shape.kind === 'addresses' && shape.blocks.map((block) => block.size)).toEqual(sizes);
  });

  it.each([
    ['10.0.0.0/21', 8],
    ['10.0.0.0/20', 16],
    ['10.0.0.0/16', 256],
  ])('%s shows %i networks', (cidr, count) => {
    const shape = shapeOf(cidr);
    expect(shape.kind === 'networks' && shape.cells.length).toBe(count);
  });

  it('lists what is wider, IPv6, and what is no network', () => {
    expect([shapeOf('10.0.0.0/15').kind, shapeOf('fd00::/64').kind, shapeOf('').kind]).toEqual(['wide', 'list', 'list']);
  });
});

describe('the cells', () => {
  const hosts = new Hosts([address('10.0.1.5', 'known'), address('10.0.1.44', 'missing', { misses: 3 }), address('10.0.2.9', 'unknown')]);
  const whole = ipv4Network('10.0.0.0/22')!;

  it('show each address, and reserve the first and the last of the subnet only', () => {
    const shape = shapeOf('10.0.0.0/22');
    if (shape.kind !== 'addresses') throw new Error('a /22 shows addresses');
    const blocks = shape.blocks.map((block) => cellsOf(hosts, block, whole));
    expect(blocks[0]?.[0]?.standing).toBe('reserved');
    expect(blocks[0]?.[255]?.standing).toBe('free');
    expect(blocks[1]?.[0]?.standing).toBe('free');
    expect(blocks[3]?.[255]?.standing).toBe('reserved');
    expect(blocks[1]?.[44]).toEqual({ row: 1, standing: 'missing', misses: 3 });
  });

  it('reserve nothing in a /31, where both addresses are hosts', () => {
    const pair = ipv4Network('10.0.0.0/31')!;
    expect(cellsOf(hosts, pair, pair).map((cell) => cell.standing)).toEqual(['free', 'free']);
  });

  it('sum up a /24, the worst on top', () => {
    const [, one, two] = networkCellsOf(hosts, [ipv4Network('10.0.0.0/24')!, ipv4Network('10.0.1.0/24')!, ipv4Network('10.0.2.0/24')!]);
    expect(one).toMatchObject({ up: 1, known: 2, knownUp: 1, missing: 1, worst: 'missing' });
    expect(two).toMatchObject({ up: 1, known: 0, unknown: 1, worst: 'unknown' });
    const [fresh] = networkCellsOf(new Hosts([address('10.0.0.1', null), address('10.0.0.2', 'excluded')]), [ipv4Network('10.0.0.0/24')!]);
    expect(fresh, 'what was never scanned is there, too').toMatchObject({ rows: 2, up: 0, known: 0, worst: null });
  });

  it('finds the networks in use of a wide one', () => {
    expect(usedNetworks(hosts, ipv4Network('10.0.0.0/8')!, 16).map(cidrOf)).toEqual(['10.0.0.0/16']);
  });
});

describe('the keyboard on a map', () => {
  it('moves by address and by row, and stops at the edges', () => {
    const to = (key: string, from: number, whole = false) => moved(key, from, 256, whole);
    expect([to('ArrowRight', 15), to('ArrowLeft', 16), to('ArrowLeft', 0), to('ArrowRight', 255)]).toEqual([16, 15, 0, 255]);
    expect([to('ArrowDown', 3), to('ArrowUp', 19), to('ArrowUp', 3), to('ArrowDown', 250)]).toEqual([19, 3, 3, 250]);
    expect([to('Home', 44), to('End', 44), to('Home', 44, true), to('End', 44, true)]).toEqual([32, 47, 0, 255]);
    expect([to('PageUp', 44), to('PageDown', 44)]).toEqual([12, 252]);
    expect(to('a', 44)).toBeNull();
  });

  it('goes from block to block by page', () => {
    expect([moved('PageDown', 5, 1024, false), moved('PageUp', 900, 1024, false)]).toEqual([261, 644]);
  });

  it('stays within a row that is short', () => {
    expect([moved('End', 18, 20, false), moved('ArrowDown', 10, 20, false), moved('PageDown', 3, 20, false), moved('PageDown', 10, 20, false)]).toEqual([19, 10, 19, 10]);
  });

  it('goes round the hosts that need a look', () => {
    const hosts = new Hosts([address('10.0.0.1', 'known'), address('10.0.0.5', 'unknown'), address('10.0.0.9', 'missing', { misses: 2 })]);
    const next = (from: string | null) => [nextLook(hosts, from, false), nextLook(hosts, from, true)];
    expect(next(null)).toEqual(['10.0.0.5', '10.0.0.9']);
    expect(next('10.0.0.5')).toEqual(['10.0.0.9', '10.0.0.9']);
    expect(next('10.0.0.9')).toEqual(['10.0.0.5', '10.0.0.5']);
    expect(next('10.0.0.7'), 'from an address that nobody knows of').toEqual(['10.0.0.9', '10.0.0.5']);
    const six = new Hosts(['fd00::1', 'fd00::2', 'fd00::3'].map((ip) => address(ip, 'missing', { misses: 2 })));
    expect([nextLook(six, 'fd00::1', false), nextLook(six, 'fd00::2', false), nextLook(six, 'fd00::3', false), nextLook(six, 'fd00::1', true)]).toEqual(['fd00::2', 'fd00::3', 'fd00::1', 'fd00::3']);
    expect(nextLook(new Hosts([address('10.0.0.1', 'known')]), null, false)).toBeNull();
  });
});

describe('what a page of a subnet draws', () => {
  it('drills into a /24, or into the one of an address', () => {
    expect(drawn('10.40.0.0/16', '10.40.37.0/24')).toMatchObject({ drilled: { prefix: 24 }, selected: null, shown: { kind: 'addresses' } });
    const place = drawn('10.40.0.0/16', '10.40.37.77');
    expect([place.selected, place.drilled && cidrOf(place.drilled)]).toEqual(['10.40.37.77', '10.40.37.0/24']);
  });

  it('drills from a /8 into a /16 first', () => {
    expect(drawn('10.0.0.0/8', '10.40.0.0/16').shown.kind).toBe('networks');
  });

  it('shows the whole for what is not inside it, or no address at all', () => {
    for (const place of ['10.41.0.0/24', '10.0.0.0/8', 'nonsense', '10.40.0.0/16']) expect(drawn('10.40.0.0/16', place)).toMatchObject({ drilled: null, selected: null });
  });

  it('takes an IPv6 address as it is', () => {
    expect(drawn('fd00:20::/64', 'fd00:20::21')).toMatchObject({ selected: 'fd00:20::21', shown: { kind: 'list' } });
  });
});
