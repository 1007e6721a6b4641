// IPv4 networks as numbers.

export interface Network {
  base: number;
  prefix: number;
  /** How many addresses it has. */
  size: number;
}

export function networkOf(cidr: string): Network | null {
  const found = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
  if (!found) return null;
  const [a, b, c, d, prefix] = found.slice(1).map(Number) as [number, number, number, number, number];
  return { base: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0, prefix, size: 2 ** (32 - prefix) };
}

export function ipOf(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}
