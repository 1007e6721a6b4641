// Addresses and networks as numbers, as far as maps need them.

export interface Ipv4Network {
  /** The first address. */
  base: number;
  prefix: number;
  /** How many addresses it has. */
  size: number;
}

/** An IPv4 address as a number; null if it is none. */
export function ipv4(text: string): number | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let value = 0;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return null;
    value = value * 256 + Number(part);
  }
  return value;
}

/** The network of `10.20.0.0/24`; null if it is no IPv4 network. */
export function ipv4Network(cidr: string): Ipv4Network | null {
  const [address = '', length = '', more] = cidr.split('/');
  const value = ipv4(address);
  if (value === null || more !== undefined || !/^\d{1,2}$/.test(length) || Number(length) > 32) return null;
  const prefix = Number(length);
  const size = 2 ** (32 - prefix);
  return { base: value - (value % size), prefix, size };
}

export function isIpv6(text: string): boolean {
  return text.includes(':');
}
