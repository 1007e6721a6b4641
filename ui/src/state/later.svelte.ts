// True once something has lasted for some time: so that a skeleton shows only where one waits indeed.

export function lasts(condition: () => boolean, wait = 300): { readonly yes: boolean } {
  let yes = $state(false);
  $effect(() => {
    if (!condition()) {
      yes = false;
      return;
    }
    const timer = setTimeout(() => (yes = true), wait);
    return () => clearTimeout(timer);
  });
  return {
    get yes() {
      return yes;
    },
  };
}
