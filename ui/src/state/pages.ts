// The pages of the window and their hash routes, as the agent's tray and notifications name them too.

export type Page =
  | { at: 'overview' }
  | { at: 'setup' }
  | { at: 'subnet'; id: number; ip: string | null }
  | { at: 'history'; run: number | null }
  | { at: 'reports'; id: number | null }
  | { at: 'settings'; section: string | null }
  | { at: 'notices' };

/** The page that a route names; null if it names none. A leading `#` or `#/` may stand. */
export function pageOf(route: string): Page | null {
  const [at, first, ...more] = route.replace(/^#?\/?/, '').split('/').map(decoded);
  const id = first === undefined || first === '' ? null : wholeNumber(first);
  switch (at) {
    case '':
    case 'overview':
      return { at: 'overview' };
    case 'setup':
      return { at: 'setup' };
    case 'notices':
      return { at: 'notices' };
    case 'subnet':
      return id === null || id === undefined ? null : { at, id, ip: more[0] || null };
    case 'history':
      return id === undefined ? null : { at, run: id };
    case 'reports':
      return id === undefined ? null : { at, id };
    case 'settings':
      return { at, section: first || null };
    default:
      return null;
  }
}

/** The route of a page, without `#`. */
export function routeOf(page: Page): string {
  switch (page.at) {
    case 'overview':
    case 'setup':
    case 'notices':
      return page.at;
    case 'subnet':
      return page.ip === null ? `subnet/${page.id}` : `subnet/${page.id}/${encodeURIComponent(page.ip)}`;
    case 'history':
      return page.run === null ? page.at : `history/${page.run}`;
    case 'reports':
      return page.id === null ? page.at : `reports/${page.id}`;
    case 'settings':
      return page.section === null ? page.at : `settings/${encodeURIComponent(page.section)}`;
  }
}

/** For an `href`. */
export function hrefOf(page: Page): string {
  return `#/${routeOf(page)}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
