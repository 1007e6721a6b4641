// What a pasted scan_agent.yaml seems to hold, line by line, for showing it at once. The agent's own reader decides when it is taken over.

export const SECRETS: readonly string[] = ['client_token', 'auth_token', 'client_password'];
/** Without these, nothing can be asked. */
export const NEEDED = ['api_url', 'client_name', 'client_token', 'scanagent_code'] as const;

export interface Line {
  /** What stands before the value, with the key. */
  before: string;
  /** The value of a secret is never in here. */
  value: string;
  /** What stands after it. */
  after: string;
  kind: 'setting' | 'secret' | 'unknown' | 'plain';
  key: string | null;
}

export interface Understood {
  lines: Line[];
  settings: Map<string, string>;
  secrets: string[];
  unknown: string[];
  /** Needed, and not in it. */
  missing: string[];
}

export function understand(text: string, known: ReadonlySet<string>): Understood {
  const found: Understood = { lines: [], settings: new Map(), secrets: [], unknown: [], missing: [] };
  /** How far the key of a secret is indented whose value goes on below. */
  let below: number | null = null;
  for (const line of text.split(/\r?\n/)) {
    const indent = line.length - line.trimStart().length;
    if (below !== null && line.trim() !== '' && indent > below) {
      found.lines.push({ before: ' '.repeat(indent), value: '', after: '', kind: 'secret', key: null });
      continue;
    }
    below = null;
    const entry = entryOf(line);
    if (!entry) {
      found.lines.push({ before: line, value: '', after: '', kind: 'plain', key: null });
      continue;
    }
    const { before, key, value, after } = entry;
    if (SECRETS.includes(key)) {
      if (value === '' || /^[|>]/.test(value)) below = indent;
      found.secrets.push(key);
      found.lines.push({ before, value: '', after, kind: 'secret', key });
    } else if (value === '') {
      // A heading such as `phpipam:`, or a setting without a value.
      found.lines.push({ before: line, value: '', after: '', kind: 'plain', key: null });
    } else {
      const kind = known.has(key) ? 'setting' : 'unknown';
      if (kind === 'setting') found.settings.set(key, unquoted(value));
      else found.unknown.push(key);
      found.lines.push({ before, value, after, kind, key });
    }
  }
  found.missing = NEEDED.filter((key) => !found.settings.has(key) && !found.secrets.includes(key));
  return found;
}

/** A line `key: value # comment`; null for anything else. */
function entryOf(line: string): { before: string; key: string; value: string; after: string } | null {
  const found = /^\s*["']?([A-Za-z_][A-Za-z0-9_-]*)["']?\s*:(?=\s|$)\s*/.exec(line);
  if (!found) return null;
  const before = found[0];
  const rest = line.slice(before.length);
  const end = endOfValue(rest);
  return { before, key: found[1] as string, value: rest.slice(0, end).trimEnd(), after: rest.slice(rest.slice(0, end).trimEnd().length) };
}

/** Where a value ends: at its closing quote, or before a comment. */
function endOfValue(rest: string): number {
  const quote = rest[0];
  if (quote === '"' || quote === "'") {
    const closing = rest.indexOf(quote, 1);
    return closing < 0 ? rest.length : closing + 1;
  }
  if (quote === '#') return 0;
  const comment = rest.search(/\s#/);
  return comment < 0 ? rest.length : comment;
}

function unquoted(value: string): string {
  return value.replace(/^(["'])(.*)\1$/, '$2');
}

/** The host of a URL for people; the text itself where it is none. */
export function hostOf(url: string): string {
  try {
    return new URL(url).hostname || url;
  } catch {
    return url;
  }
}
