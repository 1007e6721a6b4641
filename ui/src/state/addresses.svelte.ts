// The addresses of subnets, as last read: a view that opens shows them at once, and reads anew behind that.

import { host, type AddressesDocument } from '../host';
import { agent } from './agent.svelte';
import { query, type Query } from './query.svelte';

/** How many subnets are remembered. A /16 has some ten megabytes. */
const REMEMBERED = 24;

const remembered = new Map<number, AddressesDocument>();

async function read(subnet: number): Promise<AddressesDocument> {
  const document = await host.addresses(subnet);
  remembered.delete(subnet);
  remembered.set(subnet, document);
  for (const oldest of remembered.keys()) {
    if (remembered.size <= REMEMBERED) break;
    remembered.delete(oldest);
  }
  return document;
}

/** The addresses of a subnet for a component. With null, nothing is asked. To be called while the component is set up. */
export function addressesOf(subnet: () => number | null): Query<AddressesDocument> {
  return query(
    subnet,
    () => agent.snapshot?.lists.addresses ?? 0,
    read,
    (id) => remembered.get(id),
  );
}

/** Forgets everything. For tests. */
export function forgetAddresses(): void {
  remembered.clear();
}
