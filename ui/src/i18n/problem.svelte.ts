// A problem in the words of the language that is spoken.

import type { ProblemDocument, ProblemFacts } from '../host/types';
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
export function problemWords(problem: ProblemDocument, name: NameSubnet): ProblemWords {
  const words = t().problems;
  if (Object.hasOwn(words, problem.code)) {
    const of = words[problem.code as keyof ProblemFacts] as (facts: unknown, name: NameSubnet) => ProblemWords;
    return of(problem, name);
  }
  return { what: problem.what, remedy: problem.remedy };
}
