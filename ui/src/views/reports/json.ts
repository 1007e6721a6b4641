// A report's JSON for people: one host on each line, with the keys marked.

/** A piece of a line. */
export interface Piece {
  text: string;
  key: boolean;
}

/** The lines of a body. What is not the expected JSON is shown as it is. */
export function linesOf(body: string): string[] {
  let told: unknown;
  try {
    told = JSON.parse(body);
  } catch {
    return body.split('\n');
  }
  return written(told, '').split('\n');
}

function written(value: unknown, indent: string): string {
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return `[\n${value.map((one) => deeper + JSON.stringify(one).replace(/^\{/, '{ ').replace(/\}$/, ' }').replace(/("(?:[^"\\]|\\.)*"):/g, '$1: ').replace(/,"/g, ', "')).join(',\n')}\n${indent}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) return '{}';
    return `{\n${entries.map(([key, one]) => `${deeper}${JSON.stringify(key)}: ${written(one, deeper)}`).join(',\n')}\n${indent}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** Splits a line at its keys. */
export function piecesOf(line: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const found of line.matchAll(/"(?:[^"\\]|\\.)*"(?=: )/g)) {
    if (found.index > from) pieces.push({ text: line.slice(from, found.index), key: false });
    pieces.push({ text: found[0], key: true });
    from = found.index + found[0].length;
  }
  if (from < line.length) pieces.push({ text: line.slice(from), key: false });
  return pieces;
}
