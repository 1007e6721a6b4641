import { describe, expect, it } from 'vitest';

import { addressOf, around, cidrOf, contains, ipv4, ipv4Network } from './network';

describe('an IPv4 address', () => {
  it('is a number and back', () => {
    for (const ip of ['0.0.0.0', '10.20.0.44', '192.168.255.1', '255.255.255.255']) expect(addressOf(ipv4(ip) ?? -1)).toBe(ip);
  });

  it.each(['', '10.20.0', '10.20.0.', '10.20.0.0.1', '10.20.0.256', '.1.2.3', '1..2.3', ' 1.2.3.4', '1.2.3.4 ', 'fd00::1', '1.2.3.a'])('is not %j', (text) => {
    expect(ipv4(text)).toBeNull();
  });
});

describe('a network', () => {
  it('begins at its first address, whatever address names it', () => {
    expect(cidrOf(ipv4Network('10.20.0.77/24')!)).toBe('10.20.0.0/24');
    expect(ipv4Network('200.1.2.3/1')).toEqual({ base: 2 ** 31, prefix: 1, size: 2 ** 31 });
  });

  it.each(['10.20.0.0', '10.20.0.0/33', '10.20.0.0/24/1', 'fd00:20::/64', '10.20.0.0/'])('is not %j', (text) => expect(ipv4Network(text)).toBeNull());

  it('contains its first and last address and no other', () => {
    const network = ipv4Network('10.20.4.0/22')!;
    expect([network.base - 1, network.base, network.base + 1023, network.base + 1024].map((value) => contains(network, value))).toEqual([false, true, true, false]);
    expect(cidrOf(around(ipv4('10.20.6.88')!, 24))).toBe('10.20.6.0/24');
  });
});
