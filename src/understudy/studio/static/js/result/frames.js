// The pictures of one monitor. While one scrubs, small ones come at once; where one stays, the frame as it is follows. Never more than one
// request is under way for a monitor: what was passed over in the meantime is not asked for.

const SETTLE_MS = 120;
const MOST_KEPT = 600;

export class Monitor {
  constructor(figure, place) {
    this.which = figure.dataset.which;
    this.canvas = figure.querySelector("canvas");
    this.note = figure.querySelector(".glass-note");
    this.place = place;
    this.wanted = -1;
    this.shown = null;
    this.version = 0;
    this.kept = new Map();
    this.busy = false;
    this.settled = 0;
    this.standIn = null;
  }

  // show frame `index`; `moving`: more will follow soon
  show(index, moving = false) {
    this.wanted = index;
    this.moving = moving;
    clearTimeout(this.settled);
    if (!moving) this.settled = setTimeout(() => this.fetchExact(index), SETTLE_MS);
    this.fetchQuick();
  }

  // what is shown is not true any more
  renew() {
    this.version += 1;
    this.kept.clear();
    if (this.wanted >= 0) this.fetchExact(this.wanted);
  }

  async fetchQuick() {
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.shown?.index !== this.wanted || this.shown.version !== this.version) {
        const index = this.wanted;
        const version = this.version;
        const blob = await this.quick(index, version);
        if (blob) {
          await this.draw(blob, { index, version, exact: false });
        } else if (index === this.wanted) {
          // not rendered: the target stands in until the face is in
          const stand = this.standIn ? await this.standIn.quick(index, this.standIn.version) : null;
          if (stand && index === this.wanted) await this.draw(stand, { index, version, exact: false });
          if (!this.shown?.exact) this.say(true);
          break;
        }
      }
    } finally {
      this.busy = false;
    }
  }

  async quick(index, version) {
    const key = `${version}/${index}`;
    if (!this.kept.has(key)) {
      let answer = await this.ask("quick", index);
      // the small copies are not made yet
      if (answer?.status === 204 && this.which !== "result") answer = await this.ask("frame", index, "?width=640");
      if (!answer) return null;
      this.kept.set(key, answer.status === 200 ? await answer.blob() : null);
      if (this.kept.size > MOST_KEPT) this.kept.delete(this.kept.keys().next().value);
    }
    return this.kept.get(key);
  }

  async fetchExact(index) {
    const version = this.version;
    const wide = Math.ceil((this.canvas.clientWidth * (window.devicePixelRatio || 1)) / 160) * 160;
    const shown = this.shown;
    if (shown && shown.index === index && shown.version === version && shown.exact && shown.wide >= wide) return;
    const answer = await this.ask("frame", index, `?width=${Math.max(160, wide)}`);
    if (!answer || index !== this.wanted || version !== this.version) return;
    if (!answer.ok) {
      this.say(true, await words(answer));
      return;
    }
    await this.draw(await answer.blob(), { index, version, exact: true, wide });
  }

  // an answer, or null where the studio is away: it is asked again when the line is back
  async ask(what, index, asked = "") {
    try {
      return await fetch(`/p/${this.place}/${what}/${this.which}/${index}.jpg${asked}`, { headers: { "HX-Request": "true" } });
    } catch {
      return null;
    }
  }

  // a picture that stands for the present frame until something else is asked for
  async put(blob, index) {
    if (index === this.wanted) await this.draw(blob, { index, version: this.version, exact: true, wide: 0 });
  }

  async draw(blob, what) {
    const bitmap = await createImageBitmap(blob);
    if (!this.isNewer(what)) {
      if (this.canvas.width !== bitmap.width || this.canvas.height !== bitmap.height) {
        this.canvas.width = bitmap.width;
        this.canvas.height = bitmap.height;
      }
      this.canvas.getContext("2d").drawImage(bitmap, 0, 0);
      this.shown = what;
      this.canvas.dataset.frame = what.index;
      this.canvas.dataset.exact = what.exact ? "yes" : "no";
      this.say(false);
    }
    bitmap.close();
  }

  // whether what is shown is better than this picture of the same frame, which came late
  isNewer(what) {
    if (this.shown?.index !== what.index) return false;
    return this.shown.version > what.version || (this.shown.version === what.version && this.shown.exact && !what.exact);
  }

  // a word over a picture that is not the wanted one
  say(on, text = "") {
    if (!this.note) return;
    this.note.hidden = !on;
    this.note.textContent = on ? text || this.canvas.closest(".room").dataset.slow : "";
  }
}

// what the server says is wrong, in its own words
async function words(answer) {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector(".trouble h2")?.textContent ?? answer.statusText;
}
