// IPv4 addresses and networks as numbers. IPv6 is never counted through, only listed.

export interface Network4 {
  base: number;
  prefix: number;
  /** How many addresses it has. */
  size: number;
}

/** The address as a number; null if it is none of IPv4. */
export function addressValue(ip: string): number | null {
  let value = 0;
  let byte = -1;
  let dots = 0;
  for (let index = 0; index < ip.length; index += 1) {
    const digit = ip.charCodeAt(index) - 48;
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

export function addressOf(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** The network that a text such as `10.20.0.0/24` names, from its first address on; null if it names none. */
export function network4(cidr: string): Network4 | null {
  const [ip, mask, ...more] = cidr.split('/');
  if (ip === undefined || mask === undefined || more.length > 0 || !/^\d{1,2}$/.test(mask)) return null;
  const prefix = Number(mask);
  const value = addressValue(ip);
  if (value === null || prefix > 32) return null;
  const size = 2 ** (32 - prefix);
  return { base: value - (value % size), prefix, size };
}

export function cidrOf(network: Network4): string {
  return `${addressOf(network.base)}/${network.prefix}`;
}

export function contains(network: Network4, value: number): boolean {
  return value >= network.base && value < network.base + network.size;
}

/** The network of that prefix around an address. */
export function around(value: number, prefix: number): Network4 {
  const size = 2 ** (32 - prefix);
  return { base: value - (value % size), prefix, size };
}
