// Which page is shown. The hash of the address is the truth, so that Back and Forward work.

import { hrefOf, pageOf, type Page } from './pages';

class Router {
  page = $state.raw<Page>(pageOf(location.hash) ?? { at: 'overview' });

  /** Follows the address. Returns what ends it. */
  listen(): () => void {
    const follow = () => {
      this.page = pageOf(location.hash) ?? { at: 'overview' };
    };
    follow();
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }

  /** Shows a page. */
  go(page: Page): void {
    location.hash = hrefOf(page);
    this.page = page;
  }

  /** Shows a page in place of the present one, so that Back passes over it. */
  replace(page: Page): void {
    history.replaceState(null, '', hrefOf(page));
    this.page = page;
  }

  /** Shows the page that a route names. One that names none is passed over. */
  follow(route: string): void {
    const page = pageOf(route);
    if (page) this.go(page);
  }
}

export const router = new Router();
export { hrefOf, pageOf, routeOf, type Page } from './pages';
