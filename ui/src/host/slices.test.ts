import { describe, expect, it } from 'vitest';

import { addressesOf, aheadOf } from './slices';

const bytes = (text: string) => new TextEncoder().encode(text).buffer as ArrayBuffer;
const head = { subnet: 7, fetched_at: '2026-03-12T13:00:00Z', stale: false, addresses: [] };
const row = (ip: string, description = '') => ({ ip, subnet: 7, standing: 'known', ipam: { description }, seen: null });

describe('a list in slices', () => {
  it('is put together in its order', async () => {
    const told = [head, [row('10.0.0.1'), row('10.0.0.2')], [row('10.0.0.3')]].map((line) => JSON.stringify(line)).join('\n');
    expect(await addressesOf(bytes(told))).toEqual({ ...head, addresses: [row('10.0.0.1'), row('10.0.0.2'), row('10.0.0.3')], told: 3 });
  });

  it('may be empty', async () => {
    expect(await addressesOf(bytes(JSON.stringify(head)))).toEqual({ ...head, told: 0 });
  });

  it('is not cut where a text has a line of its own, or signs of several bytes', async () => {
    const hostile = 'a\nb \u202E🙂';
    const told = [head, [row('10.0.0.1', hostile)]].map((line) => JSON.stringify(line)).join('\n');
    expect((await addressesOf(bytes(told))).addresses[0]?.ipam?.description).toBe(hostile);
  });

  it('may come as numbers, where the window has no better way to the agent', async () => {
    const told = [...new Uint8Array(bytes(JSON.stringify(head)))];
    expect(await addressesOf(told)).toEqual({ ...head, told: 0 });
  });

  it('lets the page go on between two slices', async () => {
    const told = [head, ...Array.from({ length: 5 }, (_, index) => [row(`10.0.0.${index}`)])].map((line) => JSON.stringify(line)).join('\n');
    let others = 0;
    const other = setInterval(() => (others += 1), 0);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => (others += 1);
    const reading = addressesOf(bytes(told));
    port2.postMessage(null);
    await reading;
    clearInterval(other);
    port1.close();
    expect(others, 'something else had its turn').toBeGreaterThan(0);
  });

  it('is no list where it breaks off', async () => {
    await expect(addressesOf(bytes(`${JSON.stringify(head)}\n[{"ip":`))).rejects.toThrow();
    await expect(addressesOf(bytes(''))).rejects.toThrow('empty');
  });
});

describe('what comes ahead of a long list', () => {
  it('has the first addresses in full, and of the others the standing', () => {
    const others = [
      { standing: 'unseen', ips: ['10.0.0.9'] },
      { standing: null, ips: ['10.0.0.3', '10.0.0.4'] },
    ];
    const told = [head, [row('10.0.0.1')], others].map((line) => JSON.stringify(line)).join('\n');
    const bare = (ip: string, standing: string | null) => ({ ip, subnet: 7, standing, ipam: null, seen: null });
    expect(aheadOf(bytes(told))).toEqual({ ...head, addresses: [row('10.0.0.1'), bare('10.0.0.9', 'unseen'), bare('10.0.0.3', null), bare('10.0.0.4', null)], told: 1 });
  });
});
