// The addresses of subnets, as last read: a view that opens shows them at once, and reads anew behind that.

import { untrack } from 'svelte';

import { host, type Addresses, type SnapshotDocument } from '../host';
import { agent } from './agent.svelte';
import { query, type Query } from './query.svelte';

/** How many subnets are remembered. A /16 has some ten megabytes. */
const REMEMBERED = 24;

const remembered = new Map<number, Addresses>();

type Ahead = (some: Addresses) => void;

/** A reading that goes on, for all who wait for it. */
interface Reading {
  whole: Promise<Addresses>;
  some: Addresses | null;
  ahead: Ahead[];
}

/** By the subnet, and the revision that made it necessary. */
const underway = new Map<string, Reading>();

/** Reads them; two views that need the same at the same time read it once. */
function read(subnet: number, revision: number, ahead: Ahead): Promise<Addresses> {
  const key = `${subnet} ${revision}`;
  const reading = underway.get(key) ?? begun(key, subnet);
  if (reading.some) ahead(reading.some);
  reading.ahead.push(ahead);
  return reading.whole;
}

function begun(key: string, subnet: number): Reading {
  const ahead: Ahead[] = [];
  const tell = (some: Addresses) => {
    reading.some = some;
    for (const one of ahead) one(some);
  };
  const whole = readAndRemember(subnet, tell).finally(() => underway.delete(key));
  const reading: Reading = { whole, some: null, ahead };
  underway.set(key, reading);
  return reading;
}

async function readAndRemember(subnet: number, ahead: Ahead): Promise<Addresses> {
  const document = await host.addresses(subnet, ahead);
  remembered.delete(subnet);
  remembered.set(subnet, document);
  for (const oldest of remembered.keys()) {
    if (remembered.size <= REMEMBERED) break;
    remembered.delete(oldest);
  }
  return document;
}

/** The addresses of a subnet for a component. With null, nothing is asked. To be called while the component is set up. */
export function addressesOf(subnet: () => number | null): Query<Addresses> {
  const revisions = revisionsOf();
  const revision = () => revisions(agent.snapshot, subnet());
  return query(
    subnet,
    revision,
    (id, ahead) => read(id, untrack(revision), ahead),
    (id) => remembered.get(id),
  );
}

/**
 * When a subnet's addresses are to be read again: when the agent's list of addresses changed. While a run goes on, that happens
 * with every subnet that is done, and then only the subnet's own scan counts: reading a large one anew takes a while.
 */
export function revisionsOf(): (snapshot: SnapshotDocument | null, subnet: number | null) => number {
  let held: { revision: number; scan: string | null } | null = null;
  return (snapshot, id) => {
    if (!snapshot) return 0;
    const scan = snapshot.subnets.find((one) => one.id === id)?.last_scan?.finished_at ?? null;
    if (!held || !snapshot.run || scan !== held.scan) held = { revision: snapshot.lists.addresses, scan };
    return held.revision;
  };
}

/** Forgets everything. For tests. */
export function forgetAddresses(): void {
  remembered.clear();
  underway.clear();
}
