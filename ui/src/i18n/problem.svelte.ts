// A problem in the words of the language that is spoken.

import type { Problem, ProblemCode, ProblemDocument, ProblemFacts, Said } from '../host/types';
import { t } from './index.svelte';

export interface ProblemWords {
  what: string;
  remedy: string;
}

/** Names a subnet as people do, by its network or id. */
export type NameSubnet = (id: number) => string;

/** For each code, its words from its facts. A code without words is a type error. */
export type ProblemCatalogue = {
  [Code in keyof ProblemFacts]: (facts: ProblemFacts[Code], name: NameSubnet) => ProblemWords;
};

/** The words for a problem. For a code that this window doesn't know, the agent's own, which are English. */
export function problemWords(problem: Problem | ProblemDocument, name: NameSubnet): ProblemWords {
  const words = t().problems;
  if (Object.hasOwn(words, problem.code)) {
    const of = words[problem.code] as (facts: unknown, name: NameSubnet) => ProblemWords;
    return of(problem, name);
  }
  return 'what' in problem ? { what: problem.what, remedy: problem.remedy } : t().common.internalFault;
}

/** Who speaks in the detail of a problem, where it isn't the window's own finding. */
const SPEAKERS: Partial<Record<ProblemCode, string>> = {
  'ipam-unreachable': 'The system said',
  'server-unreachable': 'The system said',
  'keychain-unavailable': 'The system said',
  'nmap-failed': 'nmap said',
  'store-failing': 'The database said',
};

/** What the other side said. A problem inside a report has only its facts, and among them the words. */
export function saidOf(problem: Problem | ProblemDocument): Said | null {
  if ('what' in problem) return problem.said ?? null;
  if ('words' in problem) return problem.words.trim() === '' ? null : { by: 'The server said', words: problem.words };
  if ('detail' in problem) return problem.detail.trim() === '' ? null : { by: SPEAKERS[problem.code] ?? 'In detail', words: problem.detail };
  return null;
}
