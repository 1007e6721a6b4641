// Where the items of a long list with headings lie, so that only those in view are drawn.

/** An item of the list: the heading of a group, or a row by its place in the listing. */
export type Item<G> = { heading: G; count: number } | { place: number };

export class Rows<G> {
  /** How many items there are, headings and rows. */
  readonly length: number;
  readonly height: number;
  /** The number of rows. */
  readonly count: number;

  private readonly parts: { group: G; count: number; item: number; place: number; top: number }[] = [];

  constructor(
    groups: readonly { group: G; count: number }[],
    readonly rowHeight: number,
    readonly headingHeight: number,
  ) {
    let [item, place, top] = [0, 0, 0];
    for (const { group, count } of groups) {
      this.parts.push({ group, count, item, place, top });
      item += count + 1;
      place += count;
      top += headingHeight + count * rowHeight;
    }
    this.length = item;
    this.count = place;
    this.height = top;
  }

  at(item: number): Item<G> {
    const part = this.parts.findLast((one) => one.item <= item);
    if (!part) throw new RangeError(`there is no item ${item}`);
    return item === part.item ? { heading: part.group, count: part.count } : { place: part.place + item - part.item - 1 };
  }

  /** The item that shows a row. */
  itemOf(place: number): number {
    const part = this.parts.findLast((one) => one.place <= place);
    return part ? part.item + 1 + place - part.place : 0;
  }

  top(item: number): number {
    const part = this.parts.findLast((one) => one.item <= item);
    if (!part) return 0;
    return item === part.item ? part.top : part.top + this.headingHeight + (item - part.item - 1) * this.rowHeight;
  }

  /** The items that lie between two heights; the last one is no longer among them. */
  range(from: number, to: number): [number, number] {
    return [this.itemAt(from), Math.min(this.length, this.itemAt(to) + 1)];
  }

  private itemAt(y: number): number {
    const part = this.parts.findLast((one) => one.top <= Math.max(y, 0));
    if (!part) return 0;
    const below = y - part.top - this.headingHeight;
    return below < 0 ? part.item : Math.min(part.item + part.count, part.item + 1 + Math.floor(below / this.rowHeight));
  }
}
