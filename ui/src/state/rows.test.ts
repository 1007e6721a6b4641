import { describe, expect, it } from 'vitest';

import { Rows } from './rows';

describe('rows under headings', () => {
  const rows = new Rows([{ group: 'look', count: 3 }, { group: 'rest', count: 65_533 }], 40, 28);

  it('know their height and how many items there are', () => {
    expect([rows.length, rows.count, rows.height]).toEqual([65_538, 65_536, 2 * 28 + 65_536 * 40]);
  });

  it('find the item at a height, and the height of an item', () => {
    for (const item of [0, 1, 3, 4, 5, 40_000, 65_537]) expect(rows.range(rows.top(item), rows.top(item))[0]).toBe(item);
    expect(rows.at(0)).toEqual({ heading: 'look', count: 3 });
    expect(rows.at(4)).toEqual({ heading: 'rest', count: 65_533 });
    expect([rows.at(3), rows.at(5)]).toEqual([{ place: 2 }, { place: 3 }]);
    expect(rows.itemOf(3)).toBe(5);
  });

  it('never reach beyond the end', () => {
    expect(rows.range(rows.height - 10, rows.height + 10_000)[1]).toBe(rows.length);
    expect(rows.range(-50, 100)).toEqual([0, 3]);
    expect(new Rows([], 40, 28).range(0, 500)).toEqual([0, 0]);
  });
});
