// The agent as a fake: the whole `Host` on generated data, with scans that run and reports that travel.

import type { Host } from '../host';
import { FakeAgent } from './agent';
import { optionsOf } from './options';

/** The fake that a query asks for, such as `?site=large&state=offline`. */
export function fakeOf(query: URLSearchParams): Host {
  return new FakeAgent(optionsOf(query));
}

export { FakeAgent } from './agent';
export { optionsOf, SITES, STATES, type Options } from './options';
