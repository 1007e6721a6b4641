// The events of a report's way, with failures alike that follow each other folded into one.

import type { JourneyStep } from '../../host';

export interface FoldedStep {
  step: JourneyStep;
  many: number;
  /** The time of the last of them. */
  until: string;
}

export function folded(journey: readonly JourneyStep[]): FoldedStep[] {
  const steps: FoldedStep[] = [];
  for (const step of journey) {
    const last = steps.at(-1);
    if (last && step.event === 'failed' && last.step.event === 'failed' && last.step.problem.code === step.problem.code) {
      last.many += 1;
      last.until = step.at;
    } else {
      steps.push({ step, many: 1, until: step.at });
    }
  }
  return steps;
}
