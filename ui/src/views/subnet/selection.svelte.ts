// What is selected on the page of a subnet, and what the map shows because of it.

import type { SubnetDocument } from '../../host';
import type { Hosts } from '../../state/hosts';
import { drawn, nextLook } from '../../state/map';
import { around, cidrOf, contains, ipv4, isEdge } from '../../state/network';
import { router } from '../../state/router.svelte';

export class Selection {
  /** The selected address. */
  ip = $state<string | null>(null);
  /** The selected /24 (or /16) where each cell is a network. */
  network = $state<string | null>(null);
  /** In a narrow window the detail lies over the list, and only if it was asked for. */
  opened = $state(false);

  /** What the map shows of which network. */
  readonly place = $derived.by(() => {
    const subnet = this.subnet();
    return drawn(subnet?.network ?? subnet?.cidr ?? '', this.asked());
  });

  /** Is made within a component. `asked` is the address or network that the page's own address names. */
  constructor(
    private readonly subnet: () => SubnetDocument | undefined,
    private readonly asked: () => string | null,
  ) {
    let followed: string | null | undefined;
    // What is shown follows the address of the page; within it, selecting changes only what is here.
    $effect.pre(() => {
      const now = this.asked();
      if (!this.subnet() || followed === now) return;
      followed = now;
      this.ip = this.place.selected;
      this.opened = this.place.selected !== null;
    });
  }

  /** Selects an address; where the map shows networks, its network with it. */
  select(ip: string): void {
    this.ip = ip;
    const value = ipv4(ip);
    if (value !== null && this.place.shown.kind === 'networks') this.network = cidrOf(around(value, 24));
  }

  selectNetwork(cidr: string): void {
    this.network = cidr;
    this.ip = null;
  }

  /** Selects an address, and shows its detail where that has to be asked for. */
  open(ip: string): void {
    this.select(ip);
    this.opened = true;
  }

  close(): void {
    this.opened = false;
  }

  /** Into a network; with an address, to where that is drawn. */
  drill(to: string | null): void {
    const subnet = this.subnet();
    if (subnet) router.go({ at: 'subnet', id: subnet.id, ip: to });
  }

  /** Out of a network that was drilled into. */
  back(): void {
    const { drilled, whole } = this.place;
    if (!drilled || whole.kind === 'list') return;
    this.network = cidrOf(drilled);
    this.drill(whole.kind === 'wide' && drilled.prefix > 16 ? cidrOf(around(drilled.base, 16)) : null);
  }

  /** On to the next address that needs a look, or to the one before. */
  look(hosts: Hosts, backwards: boolean): void {
    const next = nextLook(hosts, this.ip, backwards);
    if (next === null) return;
    const { shown } = this.place;
    const value = ipv4(next);
    const visible = value === null || shown.kind === 'list' || shown.kind === 'networks' || contains(shown.network, value);
    if (visible) this.open(next);
    else this.drill(next);
  }

  /** Whether the selected address can be no host's. */
  get isReserved(): boolean {
    const value = ipv4(this.ip ?? '');
    const { whole } = this.place;
    return value !== null && whole.kind !== 'list' && isEdge(whole.network, value);
  }
}
