// What runs changed, read one by one and kept: a finished run does not change any more.

import { host, type RunDetail } from '../host';

const AT_ONCE = 4;

export class RunDetails {
  byId = $state.raw<ReadonlyMap<number, RunDetail>>(new Map());
  /** Runs whose details could not be read; they are listed without. */
  private readonly failed = new Set<number>();
  /** Runs that are being read. */
  private readonly underWay = new Set<number>();
  private wanted: number[] = [];
  private busy = 0;

  /** Whether all of these are there, or can't be. */
  has(ids: readonly number[]): boolean {
    return ids.every((id) => this.byId.has(id) || this.failed.has(id));
  }

  /** Reads those that are missing. */
  want(ids: readonly number[]): void {
    this.wanted = ids.filter((id) => !this.byId.has(id) && !this.failed.has(id) && !this.underWay.has(id));
    while (this.busy < AT_ONCE && this.wanted.length > 0) void this.next();
  }

  private async next(): Promise<void> {
    this.busy += 1;
    for (let id = this.wanted.shift(); id !== undefined; id = this.wanted.shift()) {
      this.underWay.add(id);
      try {
        const detail = await host.run(id);
        this.byId = new Map(this.byId).set(id, detail);
      } catch {
        // The list does without; the run's own page says why, when it is opened.
        this.failed.add(id);
        this.byId = new Map(this.byId);
      }
      this.underWay.delete(id);
    }
    this.busy -= 1;
  }
}
