// Addresses and networks as numbers, as far as maps need them.

export interface Ipv4Network {
  /** The first address. */
  base: number;
  prefix: number;
  /** How many addresses it has. */
  size: number;
}

/** An IPv4 address as a number; null if it is none. Sign by sign, since a large subnet has 65,536 of them. */
export function ipv4(text: string): number | null {
  let value = 0;
  let byte = -1;
  let dots = 0;
  for (let index = 0; index < text.length; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit >= 0 && digit <= 9) {
      byte = (byte < 0 ? 0 : byte) * 10 + digit;
      if (byte > 255) return null;
    } else if (digit === -2 && byte >= 0 && dots < 3) {
      value = value * 256 + byte;
      byte = -1;
      dots += 1;
    } else {
      return null;
    }
  }
  return dots === 3 && byte >= 0 ? value * 256 + byte : null;
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

export function addressOf(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

export function cidrOf(network: Ipv4Network): string {
  return `${addressOf(network.base)}/${network.prefix}`;
}

export function contains(network: Ipv4Network, value: number): boolean {
  return value >= network.base && value < network.base + network.size;
}

/** Whether an address is the network's own or its broadcast address, which no host has. */
export function isEdge(network: Ipv4Network, value: number): boolean {
  return network.prefix < 31 && (value === network.base || value === network.base + network.size - 1);
}

/** The network of that prefix around an address. */
export function around(value: number, prefix: number): Ipv4Network {
  const size = 2 ** (32 - prefix);
  return { base: value - (value % size), prefix, size };
}
