// The agent's corrected clock, ticking in the window: ages and count-downs are reckoned by it, not by this computer's.

class Clock {
  /** How far the agent's clock is ahead of this computer's, in milliseconds. */
  private ahead = 0;
  private time = $state(Date.now());

  /** Now, to the second, as a reactive value. */
  get now(): number {
    return this.time;
  }

  /** Takes the agent's time over. */
  set(now: string): void {
    this.ahead = new Date(now).getTime() - Date.now();
    this.tick();
  }

  /** Ticks every second. Returns what ends it. */
  run(): () => void {
    const timer = setInterval(() => this.tick(), 1_000);
    return () => clearInterval(timer);
  }

  private tick(): void {
    const time = Math.floor((Date.now() + this.ahead) / 1_000) * 1_000;
    if (time !== this.time) this.time = time;
  }
}

export const clock = new Clock();
