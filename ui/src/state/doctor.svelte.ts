// “Test everything”: the steps of `fieldscan doctor`, ticked as they end.

import { host, refusalOf, STEPS, type DoctorStep, type Refusal, type StepId } from '../host';

export class Doctor {
  steps = $state.raw<ReadonlyMap<StepId, DoctorStep>>(new Map());
  running = $state(false);
  /** Why it could not be carried out. */
  refusal = $state.raw<Refusal | null>(null);

  /** The step that is being tried. */
  readonly present = $derived(this.running ? (STEPS.find((id) => !this.steps.has(id)) ?? null) : null);
  readonly failed = $derived([...this.steps.values()].filter((step) => step.outcome === 'failed').length);
  readonly cautions = $derived([...this.steps.values()].filter((step) => step.outcome === 'warning').length);

  /** Counts the tests, so that a late step of another is known as such. */
  private test = 0;

  async run(): Promise<void> {
    if (this.running) return;
    this.test += 1;
    const test = this.test;
    this.running = true;
    this.refusal = null;
    this.steps = new Map();
    try {
      const all = await host.testEverything((step) => {
        if (test === this.test) this.steps = new Map(this.steps).set(step.id, step);
      });
      if (test !== this.test) return;
      // The last steps may yet be on their way.
      this.test += 1;
      this.steps = new Map(all.map((step) => [step.id, step]));
    } catch (reason) {
      if (test !== this.test) return;
      this.refusal = refusalOf(reason);
    }
    this.running = false;
  }

  /** Listens no longer to a test that goes on. */
  leave(): void {
    this.test += 1;
    this.running = false;
  }
}

/** Outlasts the page of the settings, so that its result can be read again. */
export const doctor = new Doctor();
