import { locales } from '../locale';
import { tools } from '../tools';

export const { n, plural, count } = tools(() => locales.de);
