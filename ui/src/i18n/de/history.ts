import type { history as en } from '../en/history';

export const history: typeof en = {
  title: 'Verlauf',
};
