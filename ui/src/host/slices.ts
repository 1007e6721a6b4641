// Reads a long list that the agent hands over in slices, so that the window stays at hand meanwhile.

import type { AddressDocument, AddressesDocument } from './types';

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
export async function addressesOf(told: ArrayBuffer | readonly number[]): Promise<AddressesDocument> {
  const bytes = new Uint8Array(told);
  const text = new TextDecoder();
  const addresses: AddressDocument[] = [];
  let document: AddressesDocument | null = null;
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(LINE, from);
    const to = end < 0 ? bytes.length : end;
    const line: unknown = JSON.parse(text.decode(bytes.subarray(from, to)));
    if (document === null) document = line as AddressesDocument;
    else for (const row of line as AddressDocument[]) addresses.push(row);
    from = to + 1;
    if (from < bytes.length) await breath();
  }
  if (document === null) throw new Error('The agent’s answer is empty.');
  return { ...document, addresses };
}
