// A word about what was just done, where nothing else shows it. It goes after a while.

const LASTS_MS = 6_000;

class Toast {
  words = $state('');
  private going: ReturnType<typeof setTimeout> | undefined;

  say(words: string): void {
    this.words = words;
    clearTimeout(this.going);
    this.going = setTimeout(() => (this.words = ''), LASTS_MS);
  }
}

export const toast = new Toast();
