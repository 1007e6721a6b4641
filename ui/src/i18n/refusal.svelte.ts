// A refusal in the words of the language that is spoken.

import type { ProblemDocument, Refusal } from '../host/types';
import { t } from './index.svelte';
import { problemWords, type NameSubnet, type ProblemWords } from './problem.svelte';

/** The window's own words where the code is one of a problem without facts of its own in the refusal. */
const PLAIN = new Set(['ipam-unreachable', 'nothing-assigned', 'nmap-missing', 'disk-full', 'agent-code-unknown', 'keychain-unavailable', 'store-failing', 'server-unreachable', 'settings-invalid']);

/** Why something was refused or could not be read, and what to do. A fault of the window's own has no words of the agent's. */
export function refusalWords(refusal: Refusal, name: NameSubnet): ProblemWords {
  if (refusal.what === '') return t().common.internalFault;
  const words: Record<string, ProblemWords> = t().refusals;
  if (Object.hasOwn(words, refusal.code)) return words[refusal.code] as ProblemWords;
  if (!PLAIN.has(refusal.code)) return refusal;
  return problemWords({ ...refusal, severity: 'needs-person', area: '' } as ProblemDocument, name);
}
