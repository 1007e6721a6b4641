// Why scheduled scans wait, in words.

import type { Held } from '../host';
import { format, t } from './index.svelte';

export function heldWords(held: Held): string {
  const words = t().frame.held;
  switch (held.reason) {
    case 'network':
      return words.network;
    case 'battery':
      return words.battery(format().percent(held.percent / 100));
    case 'metered':
      return words.metered;
    case 'elsewhere':
      return words.elsewhere(held.sites);
  }
}
