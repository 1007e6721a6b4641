// Reads a long list that the agent hands over in slices, so that the window shows it early and stays at hand meanwhile.

import type { Addresses } from './host';
import type { AddressDocument, AddressesDocument } from './types';

/** Bytes; as numbers where the window has no better way to the agent. */
type Told = ArrayBuffer | readonly number[];

const LINE = 10;

/** Lets the page do what else there is to do. Not a timer: those wait longer with each one that follows on another. */
const breath = () =>
  new Promise<void>((go) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      go();
    };
    port2.postMessage(null);
  });

/** Lines of JSON: the document without its addresses, then these, an array in each line. */
export async function addressesOf(told: Told): Promise<Addresses> {
  const addresses: AddressDocument[] = [];
  let document: AddressesDocument | null = null;
  for (const line of linesOf(told)) {
    if (document === null) {
      document = line as AddressesDocument;
      continue;
    }
    for (const row of line as AddressDocument[]) addresses.push(row);
    await breath();
  }
  if (document === null) throw new Error('The agent’s answer is empty.');
  return { ...document, addresses, told: addresses.length };
}

/** Addresses of which nothing but their standing is told yet. */
type Alike = Pick<AddressDocument, 'standing'> & { ips: string[] };

/** What comes ahead of a long list: the document, its first addresses, and what a map shows of the others. */
export function aheadOf(told: Told): Addresses {
  const [document, first, others] = [...linesOf(told)] as [AddressesDocument, AddressDocument[], Alike[]];
  const addresses = [...first];
  for (const { standing, ips } of others) {
    for (const ip of ips) addresses.push({ ip, subnet: document.subnet, standing, ipam: null, seen: null });
  }
  return { ...document, addresses, told: first.length };
}

function* linesOf(told: Told): Generator<unknown> {
  const bytes = new Uint8Array(told);
  const text = new TextDecoder();
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(LINE, from);
    const to = end < 0 ? bytes.length : end;
    yield JSON.parse(text.decode(bytes.subarray(from, to)));
    from = to + 1;
  }
}
