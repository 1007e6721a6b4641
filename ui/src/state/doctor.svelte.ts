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

  async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    this.refusal = null;
    this.steps = new Map();
    const stop = host.onDoctorStep((step) => (this.steps = new Map(this.steps).set(step.id, step)));
    try {
      const all = await host.testEverything();
      this.steps = new Map(all.map((step) => [step.id, step]));
    } catch (reason) {
      this.refusal = refusalOf(reason);
    } finally {
      stop();
      this.running = false;
    }
  }
}

/** Outlasts the page of the settings, so that its result can be read again. */
export const doctor = new Doctor();
