// Passes values on at most so often, so that numbers don't jump. The newest always arrives.

/** Passes on at once if the last time is long enough ago, otherwise the newest when it is. */
export class Paced<T> {
  private last = -Infinity;
  private waiting: { value: T } | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly every: number,
    private readonly pass: (value: T) => void,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  push(value: T): void {
    const wait = this.last + this.every - this.clock();
    if (wait <= 0) {
      this.now(value);
      return;
    }
    this.waiting = { value };
    this.timer ??= setTimeout(() => this.flush(), wait);
  }

  /** Forgets what waits. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting = null;
  }

  private flush(): void {
    this.timer = undefined;
    const waiting = this.waiting;
    this.waiting = null;
    if (waiting) this.now(waiting.value);
  }

  private now(value: T): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting = null;
    this.last = this.clock();
    this.pass(value);
  }
}
