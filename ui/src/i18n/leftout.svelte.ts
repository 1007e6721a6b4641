// Why a subnet is not scanned, in the words of the language that is spoken.

import type { LeftOutWhy } from '../host/types';
import { t } from './index.svelte';
import { problemWords } from './problem.svelte';

export function leftOutWords(subnet: number, cidr: string, why: LeftOutWhy): string {
  if (why.reason !== 'refused') return t().overview.leftOutWhy[why.reason] ?? why.words;
  // The same words as where a refused subnet is told as a problem.
  return problemWords({ code: 'subnet-refused', severity: 'notice', area: '', what: '', remedy: why.words, subnet, cidr, refusal: why }, String).remedy;
}
