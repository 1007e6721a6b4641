// What the agent finds wrong with settings, in the words of the language that is spoken.

import type { Mistake, Remark } from '../host/types';
import { t } from './index.svelte';

/** What is expected, to follow “Expected:”. For what this window doesn't know, the agent's own words, which are English. */
export function expectedWords(mistake: Mistake): string {
  const words = t().mistakes;
  switch (mistake.expects) {
    case 'value':
      return Object.hasOwn(words.values, mistake.key) ? (words.values[mistake.key] as string) : mistake.expected;
    case 'network':
      return words.network(mistake.network, mistake.address);
    case 'port':
      return words.port(mistake.port);
    case 'known-key':
      return mistake.nearest === null ? words.knownKey : words.knownKeyNear(mistake.nearest);
    case 'no-secret':
      return words.noSecret;
    case 'by-hand':
      return words.byHand;
    // Of a file as a whole, which no field is marked with.
    case 'text':
      return mistake.expected;
  }
  return (mistake as Mistake).expected;
}

/** A remark on a settings file. */
export function remarkWords(remark: Remark): string {
  const words = t().mistakes;
  if ((remark.code as string) !== 'unknown-key') return remark.words;
  if (remark.key === null) return words.noName(remark.line);
  return remark.nearest === null ? words.unknownKey(remark.line, remark.key) : words.unknownKeyNear(remark.line, remark.key, remark.nearest);
}
