// The settings, and what somebody has changed in them without applying it. It outlasts the page, so that nothing typed is lost.

import { host, refusalOf, type Mistake, type Refusal, type SettingDocument, type SettingsDocument, type SettingValue } from '../host';
import { perform } from './commands.svelte';
import { changesOf, typed, valueOf, type Edits } from './settings';

/** A pause in typing after which the agent is asked whether it would take the values. */
const PAUSE = 250;

class Draft {
  document = $state.raw<SettingsDocument | null>(null);
  /** Why the settings could not be read; those read before are still there. */
  refusal = $state.raw<Refusal | null>(null);
  edits = $state.raw<Edits>(new Map());
  /** What the agent would not take. */
  mistakes = $state.raw<readonly Mistake[]>([]);
  applying = $state(false);

  readonly changes = $derived(changesOf(this.document?.settings ?? [], this.edits));

  private asked = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  async load(): Promise<void> {
    try {
      this.document = await host.settings();
      this.refusal = null;
    } catch (reason) {
      this.refusal = refusalOf(reason);
    }
  }

  setting(key: string): SettingDocument | undefined {
    return this.document?.settings.find((one) => one.key === key);
  }

  /** What it would be. */
  value(key: string): SettingValue | null {
    return this.document ? valueOf(this.document, this.edits, key) : null;
  }

  /** What stands in the field where it is typed. A default is only a hint there, not something that was chosen. */
  text(key: string): string {
    const edit = this.edits.get(key);
    if (edit !== undefined) return String(edit ?? '');
    const setting = this.setting(key);
    return setting?.default ? '' : String(setting?.value ?? '');
  }

  changed(key: string): boolean {
    return this.changes.some((change) => change.key === key);
  }

  mistake(key: string): Mistake | undefined {
    return this.changed(key) ? this.mistakes.find((one) => one.key === key) : undefined;
  }

  set(key: string, value: SettingValue | null): void {
    this.edits = new Map(this.edits).set(key, value);
    this.mistakes = this.mistakes.filter((one) => one.key !== key);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.check(), PAUSE);
  }

  /** Takes over what was typed into a field. */
  type(key: string, text: string): void {
    const setting = this.setting(key);
    if (setting) this.set(key, typed(setting, text));
  }

  reset(): void {
    clearTimeout(this.timer);
    this.asked += 1;
    this.edits = new Map();
    this.mistakes = [];
  }

  /** Asks the agent whether it would take the values. True if it would, and while it can't be asked: applying then says why. */
  async check(): Promise<boolean> {
    clearTimeout(this.timer);
    this.asked += 1;
    const asked = this.asked;
    const changes = this.changes;
    if (changes.length === 0) {
      this.mistakes = [];
      return true;
    }
    try {
      const mistakes = await host.checkSettings(changes);
      if (asked === this.asked) this.mistakes = mistakes;
      return mistakes.length === 0;
    } catch {
      return true;
    }
  }

  /** Applies all changes. True if the agent took them. */
  async apply(): Promise<boolean> {
    if (this.applying) return false;
    this.applying = true;
    try {
      if (!(await this.check())) return false;
      const changes = this.changes;
      const document = await perform(host.applySettings(changes));
      if (!document) return false;
      this.document = document;
      // What was typed meanwhile stays.
      this.edits = new Map([...this.edits].filter(([key, value]) => !changes.some((change) => change.key === key && change.value === value)));
      return true;
    } finally {
      this.applying = false;
    }
  }

  /** Forgets everything. For tests. */
  forget(): void {
    this.reset();
    this.document = null;
    this.refusal = null;
    this.applying = false;
  }
}

export const draft = new Draft();
