// What a step of “Test everything” found, in the words of the language that is spoken.

import type { DoctorFound, DoctorStep } from '../host/types';
import { t } from './index.svelte';

/** For each code, its words from its facts. A code without words is a type error. */
export type FoundCatalogue = { [Of in DoctorFound as Of['code']]: (facts: Of) => string };

/** What a step found. For what this window doesn't know, the agent's own words, which are English; '' where it found nothing. */
export function foundWords(step: DoctorStep): string {
  const words = t().found;
  if (step.found && Object.hasOwn(words, step.found.code)) {
    const of = words[step.found.code] as (facts: DoctorFound) => string;
    return of(step.found);
  }
  return step.detail ?? '';
}
