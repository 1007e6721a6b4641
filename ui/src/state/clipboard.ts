// Copies text. The clipboard of the system is asked first; where it refuses, the old way is tried.

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text: string): boolean {
  const field = document.createElement('textarea');
  const focused = document.activeElement;
  field.value = text;
  field.setAttribute('readonly', '');
  field.style.position = 'fixed';
  field.style.opacity = '0';
  document.body.append(field);
  field.select();
  try {
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    field.remove();
    if (focused instanceof HTMLElement) focused.focus();
  }
}

/** Lines of tab-separated cells, as spreadsheets paste them. Nothing in a cell can be taken for a formula. */
export function tabbed(lines: readonly (readonly string[])[]): string {
  return lines.map((cells) => cells.map(cellText).join('\t')).join('\n');
}

function cellText(text: string): string {
  const flat = text.replace(/[\t\r\n]+/g, ' ');
  const guarded = /^[\s"]*[=+\-@＝＋－＠]/.test(flat) ? `'${flat}` : flat;
  // A quote at the beginning would hold the cells together that follow it.
  return guarded.startsWith('"') ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}
