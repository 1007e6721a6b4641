// Where the keyboard is.

/** Whether no control has the focus, as after the one that had it is gone. Only then it may be moved unasked. */
export function focusIsLost(): boolean {
  const { activeElement, body } = document;
  return activeElement === null || activeElement === body || !activeElement.isConnected;
}
