// The pictures of the wall: sheets of a hundred faces in the order that is shown. A few are kept in memory, the ones used last.

const EACH = 100;
const KEPT = 24;
const REST = 70; // ms without scrolling after which far sheets are fetched

export class Sheets {
  constructor(base, arrived) {
    this.base = base;
    this.arrived = arrived;
    this.wall = "";
    this.faces = [];
    this.kept = new Map(); // number of the sheet -> address of its picture, the one used last at the end
    this.coming = new Map();
    this.timer = 0;
    this.last = 0;
  }

  /** Another order: all sheets are others. */
  turnTo(wall, faces) {
    this.wall = wall;
    this.faces = faces;
    for (const url of this.kept.values()) URL.revokeObjectURL(url);
    for (const coming of this.coming.values()) coming.abort();
    this.kept.clear();
    this.coming.clear();
  }

  /** Where the face at a place of the order is. */
  at(place) {
    const sheet = Math.floor(place / EACH);
    const rest = place % EACH;
    return { url: this.kept.get(sheet), x: rest % 10, y: Math.floor(rest / 10) };
  }

  /** These places are seen: what is lacking is fetched, at once when nothing moves fast. */
  want(first, end) {
    const lacking = [];
    for (let sheet = Math.floor(first / EACH); sheet * EACH < end; sheet++) {
      if (this.kept.has(sheet)) this.use(sheet, this.kept.get(sheet));
      else if (!this.coming.has(sheet)) lacking.push(sheet);
    }
    clearTimeout(this.timer);
    if (!lacking.length) return;
    const fast = performance.now() - this.last < REST;
    this.last = performance.now();
    if (fast) this.timer = setTimeout(() => this.fetch(lacking), REST);
    else this.fetch(lacking);
  }

  use(sheet, url) {
    this.kept.delete(sheet);
    this.kept.set(sheet, url);
  }

  fetch(sheets) {
    for (const sheet of sheets) if (!this.coming.has(sheet)) this.fetchOne(sheet);
  }

  async fetchOne(sheet) {
    const stop = new AbortController();
    this.coming.set(sheet, stop);
    const numbers = this.faces.slice(sheet * EACH, (sheet + 1) * EACH);
    try {
      const answer = await fetch(`${this.base}/sheet.jpg?wall=${this.wall}&n=${numbers.join(",")}`, { signal: stop.signal });
      if (!answer.ok) return;
      const url = URL.createObjectURL(await answer.blob());
      const picture = new Image();
      picture.src = url;
      await picture.decode();
      if (stop.signal.aborted) return URL.revokeObjectURL(url);
      this.use(sheet, url);
      this.forget();
      this.arrived();
    } catch {
      // stopped, or the studio is away: asked again with the next movement
    } finally {
      if (this.coming.get(sheet) === stop) this.coming.delete(sheet);
    }
  }

  forget() {
    for (const [sheet, url] of this.kept) {
      if (this.kept.size <= KEPT) return;
      this.kept.delete(sheet);
      URL.revokeObjectURL(url);
    }
  }
}
