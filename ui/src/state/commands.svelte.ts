// What the person tells the agent. A refusal is shown at the top of the window until it is dismissed; none is thrown away.

import { host, refusalOf, type PauseUntil, type Refusal } from '../host';

class Refusals {
  all = $state.raw<{ id: number; refusal: Refusal }[]>([]);
  private next = 0;

  /** Shows a refusal. The same one is not shown twice. */
  add(refusal: Refusal): void {
    const others = this.all.filter((one) => one.refusal.code !== refusal.code || one.refusal.what !== refusal.what);
    this.next += 1;
    this.all = [...others, { id: this.next, refusal }];
  }

  dismiss(id: number): void {
    this.all = this.all.filter((one) => one.id !== id);
  }
}

export const refusals = new Refusals();

/** Carries a command out. Returns its result; if it was refused, shows why and returns undefined. */
export async function perform<T>(command: Promise<T>): Promise<T | undefined> {
  try {
    return await command;
  } catch (reason) {
    refusals.add(refusalOf(reason));
    return undefined;
  }
}

export const scanAll = () => perform(host.scan({ all: true }, false));
export const scanSubnet = (id: number) => perform(host.scan({ subnets: [id] }, false));
export const stopScan = () => perform(host.stop());
export const refreshIpam = () => perform(host.refresh());
export const pauseUntil = (until: PauseUntil) => perform(host.pause(until));
export const resume = () => perform(host.resume());
export const retryReports = (report: number | null) => perform(host.retry(report));
export const openInIpam = (subnet: number, ip: string | null) => perform(host.openInIpam(subnet, ip));
