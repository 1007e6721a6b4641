// What the fake shows, as the address of the page asks for it: `?site=large&state=offline,stale&frozen`.

export const SITES = ['depot', 'large', 'many'] as const;
export const STATES = [
  'normal',
  'right',
  'running',
  'offline',
  'stale',
  'empty',
  'loading',
  'arriving',
  'error',
  'first-run',
  'hostile',
  'attention',
  'paused',
  'never-scanned',
  'held',
  'update',
] as const;

export type Site = (typeof SITES)[number];
export type State = (typeof STATES)[number];

export interface Options {
  site: Site;
  states: ReadonlySet<State>;
  /** The clock stands and nothing goes on by itself, so that pictures are the same every time. */
  frozen: boolean;
  /** How much faster than life scans and reports go. */
  speed: number;
}

export function optionsOf(query: URLSearchParams): Options {
  const site = SITES.find((one) => one === query.get('site')) ?? 'depot';
  const asked = (query.get('state') ?? '').split(',');
  const states = new Set(STATES.filter((one) => asked.includes(one)));
  return { site, states, frozen: query.has('frozen'), speed: Number(query.get('speed')) || 1 };
}
