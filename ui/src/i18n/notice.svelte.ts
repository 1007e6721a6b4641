// What was told outside the window, in the words of the language that is spoken.

import type { NoticeDocument, NoticeFacts } from '../host/types';
import { t } from './index.svelte';
import type { NameSubnet } from './problem.svelte';

export interface NoticeWords {
  title: string;
  text: string;
}

/** What words need beside the facts. */
export interface Telling {
  name: NameSubnet;
  /** When it was told: times in its words are said as of then. */
  at: number;
}

/** For each kind of notice, its words from its facts. One without words is a type error. */
export type NoticeCatalogue = { [Of in NoticeFacts as Of['tells']]: (facts: Of, telling: Telling) => NoticeWords };

/** The words for a notice. For one without facts, or of a kind that this window doesn't know, those in which it was told, which are English. */
export function noticeWords(notice: NoticeDocument, name: NameSubnet): NoticeWords {
  const words = t().notices.tells;
  if (notice.facts && Object.hasOwn(words, notice.facts.tells)) {
    const of = words[notice.facts.tells] as (facts: NoticeFacts, telling: Telling) => NoticeWords;
    return of(notice.facts, { name, at: Date.parse(notice.at) });
  }
  return { title: notice.title, text: notice.text };
}

/** What a problem says happened, as a title: without its full stop and without marks for keys. */
export function asTitle(what: string): string {
  return what.replaceAll('`', '').replace(/\.$/, '');
}
