// The agent's state as the window has it: the snapshot with the highest revision, at most four a second.

import { host, refusalOf, type Refusal, type SnapshotDocument, type SubnetDocument } from '../host';
import { t } from '../i18n/index.svelte';
import { clock } from './clock.svelte';
import { Paced } from './paced';
import { router } from './router.svelte';

const EVERY = 250;

class Agent {
  /** Null until the agent has answered. */
  snapshot = $state.raw<SnapshotDocument | null>(null);
  /** Why the agent could not be asked. */
  refusal = $state.raw<Refusal | null>(null);

  private readonly subnetsById = $derived(new Map((this.snapshot?.subnets ?? []).map((subnet) => [subnet.id, subnet])));

  /** Listens to the host. Returns what ends it. */
  connect(): () => void {
    const paced = new Paced<SnapshotDocument>(EVERY, (snapshot) => this.take(snapshot));
    const stops = [host.onSnapshot((snapshot) => paced.push(snapshot)), host.onShowPage((page) => router.follow(page)), () => paced.stop()];
    void this.ask();
    return () => stops.forEach((stop) => stop());
  }

  /** Asks for the snapshot, in case that none was told yet. */
  async ask(): Promise<void> {
    try {
      this.take(await host.snapshot());
    } catch (reason) {
      this.refusal = refusalOf(reason);
    }
  }

  /** Keeps a snapshot, unless a newer one is there. */
  take(snapshot: SnapshotDocument): void {
    if (this.snapshot && snapshot.revision < this.snapshot.revision) return;
    this.refusal = null;
    clock.set(snapshot.now);
    this.snapshot = snapshot;
  }

  subnet(id: number): SubnetDocument | undefined {
    return this.subnetsById.get(id);
  }

  /** A subnet's name as people use it: its description, or else its network. */
  nameOf(id: number): string {
    const subnet = this.subnet(id);
    return subnet ? subnet.description.trim() || subnet.cidr : t().common.subnetNumber(id);
  }
}

export const agent = new Agent();

/** Hosts of a subnet that need a look. */
export function needLook(subnet: SubnetDocument): number {
  const counts = subnet.last_scan?.counts;
  return counts ? counts.unknown + counts.missing + counts.mismatch : 0;
}
