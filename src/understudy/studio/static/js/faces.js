// The wall of faces. Only rows that are in sight exist; they are moved, not made anew. Their pictures are sheets of a hundred faces in the order
// that is shown, fetched when the scrolling rests and kept in memory alone (the studio's answers are not stored by the browser).

import { setUpLarge } from "./face-large.js";
import { Sheets } from "./face-sheets.js";

const GAP = 4;
const SPARE = 4; // rows drawn above and below what is seen

export function setUpFaces() {
  const page = document.getElementById("wall-page");
  if (page) new Wall(page).begin();
}

class Wall {
  constructor(page) {
    this.page = page;
    this.base = page.dataset.base;
    this.wall = page.querySelector("#wall");
    this.form = page.querySelector("#wall-form");
    this.said = page.querySelector("#wall-said");
    this.whys = page.dataset.whys.split("|");
    this.list = { faces: [], why: [], yours: [], values: [] };
    this.where = [];
    this.picked = new Set();
    this.at = 0; // the place in the order that the keyboard is at
    this.from = 0; // where a range begins
    this.rows = [];
    this.sheets = new Sheets(this.base, () => this.draw(true));
    this.format = new Intl.NumberFormat(document.documentElement.lang, { maximumSignificantDigits: 3 });
    this.counts = new Intl.NumberFormat(document.documentElement.lang);
    if (innerWidth < 500) this.form.elements.size.value = 64;
  }

  begin() {
    this.readAddress();
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("change", (event) => event.target.name in { shown: 1, sort: 1 } && this.load({ top: true }));
    this.form.elements.size.addEventListener("input", () => this.measure());
    this.button("wall-reverse", () => this.turn());
    this.button("filter-add", () => this.addCondition());
    this.button("wall-drop", () => this.tell("drop"));
    this.button("wall-restore", () => this.tell("restore"));
    this.button("wall-undo", () => this.tell("undo"));
    this.wall.addEventListener("click", (event) => this.click(event));
    this.wall.addEventListener("dblclick", (event) => this.placeOf(event) >= 0 && this.large.open(this.placeOf(event)));
    this.wall.addEventListener("keydown", (event) => this.key(event));
    let asked = 0;
    window.addEventListener("scroll", () => (asked ||= requestAnimationFrame(() => ((asked = 0), this.draw()))), { passive: true });
    new ResizeObserver(() => this.measure()).observe(this.wall);
    for (const name of ["live:faces", "live:people", "live:turned"]) document.body.addEventListener(name, () => this.load({}));
    this.large = setUpLarge(this);
    this.load({});
  }

  button(id, act) {
    this.page.querySelector(`#${id}`).addEventListener("click", act);
  }

  // what is asked for, and its place in the address, so that it is there again when the page is loaded anew

  readAddress() {
    const asked = new URLSearchParams(location.search);
    const { sort, shown } = this.form.elements;
    if ([...sort.options].some((one) => one.value === asked.get("sort"))) sort.value = asked.get("sort");
    const chosen = [...shown].find((one) => one.value === asked.get("shown"));
    if (chosen) chosen.checked = true;
    this.page.querySelector("#wall-reverse").ariaPressed = String(asked.has("reverse"));
    this.where = asked.getAll("where");
  }

  asked() {
    const asked = new URLSearchParams({ sort: this.form.elements.sort.value, shown: this.form.elements.shown.value });
    if (this.page.querySelector("#wall-reverse").ariaPressed === "true") asked.set("reverse", "true");
    for (const one of this.where) asked.append("where", one);
    return asked;
  }

  turn() {
    const button = this.page.querySelector("#wall-reverse");
    button.ariaPressed = String(button.ariaPressed !== "true");
    this.load({ top: true });
  }

  addCondition() {
    const [name, than, value] = ["filter-name", "filter-than", "filter-value"].map((id) => this.page.querySelector(`#${id}`));
    if (value.value === "") return value.focus();
    this.where.push(`${name.value}${than.value}${Number(value.value)}`);
    value.value = "";
    this.page.querySelector(".wall-filter").open = false;
    this.load({ top: true });
  }

  async load({ top = false }) {
    const asked = this.asked();
    history.replaceState(null, "", `?${asked}`);
    const answer = await this.ask(`${this.base}/list?${asked}`);
    if (!answer) return;
    const list = await answer.json();
    const order = list.faces.length !== this.list.faces.length || list.faces.some((face, i) => face !== this.list.faces[i]);
    this.list = list;
    this.placeNumbers = null;
    if (order || list.wall !== this.sheets.wall) this.sheets.turnTo(list.wall, list.faces);
    const known = new Set(list.faces);
    for (const face of this.picked) if (!known.has(face)) this.picked.delete(face);
    if (top) {
      this.at = this.from = 0;
      if (this.page.getBoundingClientRect().top < 0) this.page.scrollIntoView();
    }
    this.at = Math.max(0, Math.min(this.at, list.faces.length - 1));
    this.showCounts();
    this.measure();
  }

  // drawing

  measure() {
    const side = Number(this.form.elements.size.value);
    const width = this.wall.clientWidth;
    this.columns = Math.max(3, Math.floor((width + GAP) / (side + GAP)));
    this.side = Math.floor(width / this.columns) - GAP;
    this.page.style.setProperty("--face", `${this.side}px`);
    this.wall.style.height = `${Math.ceil(this.list.faces.length / this.columns) * (this.side + GAP)}px`;
    this.draw(true);
  }

  draw(all = false) {
    if (!this.columns) return;
    const step = this.side + GAP;
    const top = -this.wall.getBoundingClientRect().top;
    const last = Math.ceil(this.list.faces.length / this.columns);
    const seen = Math.ceil(innerHeight / step) + 1;
    const first = Math.max(0, Math.min(Math.floor(top / step), last - seen) - SPARE);
    const end = Math.min(last, first + seen + 2 * SPARE);
    this.makeRows(Math.min(last, seen + 2 * SPARE));
    for (let n = first; n < end; n++) {
      const row = this.rows[n % this.rows.length];
      if (all || row.n !== n) this.drawRow(row, n, step);
    }
    for (const row of this.rows) row.element.hidden = row.n < first || row.n >= end;
    this.sheets.want(first * this.columns, Math.min(end * this.columns, this.list.faces.length));
    this.wall.setAttribute("aria-activedescendant", this.list.faces.length ? `face-${this.list.faces[this.at]}` : "");
  }

  makeRows(count) {
    if (this.rows.length === count && this.rows[0]?.cells.length === this.columns) return;
    this.wall.replaceChildren();
    this.rows = Array.from({ length: count }, () => {
      const element = document.createElement("div");
      element.className = "wall-row";
      element.setAttribute("role", "presentation");
      const cells = Array.from({ length: this.columns }, () => {
        const cell = document.createElement("div");
        cell.className = "wall-face";
        cell.setAttribute("role", "option");
        cell.append(document.createElement("b"));
        return cell;
      });
      element.append(...cells);
      return { element, cells, n: -1 };
    });
    this.wall.append(...this.rows.map((row) => row.element));
  }

  drawRow(row, n, step) {
    row.n = n;
    row.element.style.transform = `translateY(${n * step}px)`;
    row.cells.forEach((cell, i) => this.drawCell(cell, n * this.columns + i));
  }

  drawCell(cell, place) {
    const { faces, why, yours, values } = this.list;
    const face = faces[place];
    cell.hidden = face === undefined;
    if (face === undefined) return cell.removeAttribute("id");
    cell.dataset.place = place;
    cell.id = `face-${face}`;
    const mine = yours[place] ? `, ${this.page.dataset.yours}` : "";
    cell.ariaLabel = `${this.page.dataset.face} ${face}, ${why[place] ? this.whys[why[place] - 1] : this.page.dataset.kept}${mine}`;
    cell.ariaSelected = String(this.picked.has(face));
    cell.ariaPosInSet = place + 1;
    cell.ariaSetSize = faces.length;
    toggle(cell, "data-why", why[place]);
    toggle(cell, "data-yours", yours[place]);
    cell.classList.toggle("at", place === this.at);
    cell.firstChild.textContent = values.length ? this.format.format(values[place]) : "";
    const { url, x, y } = this.sheets.at(place);
    cell.style.backgroundImage = url ? `url(${url})` : "none";
    cell.style.backgroundSize = `${10 * this.side}px auto`;
    cell.style.backgroundPosition = `${-x * this.side}px ${-y * this.side}px`;
  }

  showCounts() {
    const { total, kept, leftOut, faces, canUndo } = this.list;
    const counts = { all: total, kept, "left-out": total - kept, trash: leftOut[0] };
    for (const [name, n] of Object.entries(counts)) this.page.querySelector(`[data-count="${name}"]`).textContent = this.counts.format(n);
    this.page.querySelector("#wall-none").hidden = faces.length > 0;
    this.wall.hidden = faces.length === 0;
    for (const one of this.page.querySelectorAll(".legend li")) {
      const n = leftOut[one.dataset.why - 1];
      one.hidden = !n;
      one.querySelector("strong").textContent = this.counts.format(n);
    }
    this.page.querySelector("#wall-undo").disabled = !canUndo;
    this.showConditions();
    this.showPicked();
  }

  showConditions() {
    const list = this.page.querySelector("#conditions");
    const names = Object.fromEntries([...this.page.querySelectorAll("#filter-name option")].map((one) => [one.value, one.textContent]));
    list.replaceChildren(
      ...this.where.map((condition, i) => {
        const [, name, rest] = /^\s*([a-z]+)(.*)$/.exec(condition) ?? [, "", condition];
        const item = document.createElement("li");
        const button = document.createElement("button");
        button.type = "button";
        button.className = "quiet";
        button.textContent = `${names[name] ?? name} ${rest} ×`;
        button.ariaLabel = `${list.dataset.remove} ${names[name] ?? name} ${rest}`;
        button.addEventListener("click", () => {
          this.where.splice(i, 1);
          this.load({ top: true });
        });
        item.append(button);
        return item;
      }),
    );
  }

  showPicked(words = "") {
    const n = this.picked.size;
    const counted = n ? this.page.dataset.picked.replace("{n}", this.counts.format(n)) : this.page.dataset.counted.replace("{n}", this.counts.format(this.list.faces.length));
    this.said.textContent = words ? `${words} ${counted}` : counted;
    for (const name of ["drop", "restore"]) this.page.querySelector(`#wall-${name}`).disabled = !n;
  }

  // choosing

  placeOf(event) {
    const cell = event.target.closest(".wall-face");
    return cell?.dataset.place === undefined ? -1 : Number(cell.dataset.place);
  }

  click(event) {
    const place = this.placeOf(event);
    if (place < 0) return;
    if (event.shiftKey) this.range(this.from, place);
    else if (event.detail < 2) this.toggle(place);
    this.go(place, { keep: event.shiftKey });
  }

  toggle(place) {
    const face = this.list.faces[place];
    if (!this.picked.delete(face)) this.picked.add(face);
    this.from = place;
  }

  range(a, b) {
    for (let place = Math.min(a, b); place <= Math.max(a, b); place++) this.picked.add(this.list.faces[place]);
  }

  go(place, { keep = false } = {}) {
    this.at = Math.max(0, Math.min(place, this.list.faces.length - 1));
    if (!keep) this.from = this.at;
    this.bringInSight();
    this.draw(true);
    this.showPicked();
  }

  bringInSight() {
    const step = this.side + GAP;
    const bar = this.page.querySelector(".wall-bar").getBoundingClientRect().bottom + 8;
    const top = this.wall.getBoundingClientRect().top + Math.floor(this.at / this.columns) * step;
    if (top < bar) window.scrollBy({ top: top - bar, behavior: "instant" });
    else if (top + step > innerHeight) window.scrollBy({ top: top + step - innerHeight + 8, behavior: "instant" });
  }

  key(event) {
    const page = this.columns * Math.max(1, Math.floor((innerHeight * 0.7) / (this.side + GAP)));
    const end = this.list.faces.length - 1;
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns, PageUp: -page, PageDown: page, Home: -end, End: end };
    if (event.key in moves) {
      const to = Math.max(0, Math.min(this.at + moves[event.key], end));
      if (event.shiftKey) this.range(this.from, to);
      this.go(to, { keep: event.shiftKey });
    } else if (event.key === " ") {
      this.toggle(this.at);
      this.go(this.at);
    } else if (event.key === "Enter") this.large.open(this.at);
    else if (event.key === "Delete" || event.key === "Backspace") this.tell("drop", this.picked.size ? undefined : [this.list.faces[this.at]]);
    else if (event.key === "Escape") (this.picked.clear(), this.go(this.at));
    else if (event.key === "a" && (event.ctrlKey || event.metaKey)) (this.range(0, end), this.go(this.at));
    else if (event.key === "z" && (event.ctrlKey || event.metaKey)) this.tell("undo");
    else return;
    event.preventDefault();
  }

  // doing

  async tell(what, numbers = [...this.picked]) {
    if (what !== "undo" && !numbers.length) return;
    const answer = await this.ask(`${this.base}/${what}`, { method: "POST", body: new URLSearchParams(what === "undo" ? {} : { numbers: numbers.join(",") }) });
    if (!answer) return;
    const { said } = await answer.json();
    if (what !== "undo") this.picked.clear();
    await this.load({});
    this.showPicked(said);
  }

  /** An answer, or null after the trouble was shown in words. */
  async ask(path, options = {}) {
    const trouble = document.getElementById("trouble");
    const headers = { "X-CSRF-Token": document.body.dataset.csrf, "HX-Request": "true" };
    try {
      const answer = await fetch(path, { ...options, headers });
      trouble.innerHTML = answer.ok ? "" : await answer.text();
      if (!answer.ok) trouble.scrollIntoView({ block: "nearest" });
      return answer.ok ? answer : null;
    } catch {
      this.said.textContent = this.page.dataset.broken;
      return null;
    }
  }
}

function toggle(element, name, value) {
  if (value) element.setAttribute(name, value);
  else element.removeAttribute(name);
}
