// The settings of the shot that is on. While a dial or a key-frame moves, the present frame is shown under its value; when it rests, it is kept.

import { Bend, between } from "./bend.js";

const PREVIEW_MS = 60;
const KEEP_MS = 350;

export class Dials {
  constructor(room, player, timeline, monitor) {
    Object.assign(this, { room, player, timeline, monitor });
    this.holder = room.querySelector("#shot");
    if (!this.holder) return;
    this.number = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    this.holder.addEventListener("input", (event) => this.turned(event.target));
    this.holder.addEventListener("change", (event) => this.rested(event.target));
    this.holder.addEventListener("click", (event) => this.pressed(event.target.closest("[data-action]")));
    player.watch((index, playing) => this.follow(index, playing));
    this.holder.addEventListener("htmx:afterSwap", () => this.lay());
    room.querySelector("#timeline-piece").addEventListener("htmx:afterSwap", () => this.follow(player.index, false));
    this.follow(player.index, false);
  }

  // the shot under the playhead, and the values in this frame
  follow(index, playing) {
    const shot = this.timeline.shotAt(index);
    if (!shot) return;
    if (playing) return;
    if (String(shot.number) !== this.holder.dataset.number) {
      this.holder.dataset.number = shot.number;
      window.htmx.ajax("GET", `/p/${this.room.dataset.place}/piece/shot/${shot.number}?frame=${index}`, { target: "#shot", swap: "innerHTML" });
      return;
    }
    for (const dial of this.holder.querySelectorAll(".dial")) this.turn(dial, index);
  }

  // a dial whose setting changes over time, as it is in this frame
  turn(dial, index) {
    const bend = dial.querySelector(".bend")?.bend;
    const keys = bend?.keys ?? JSON.parse(dial.dataset.keys);
    bend?.show(index);
    if (!keys.length) return;
    const field = dial.querySelector("input");
    if (!this.waiting) {
      field.value = String(between(keys, index));
      this.say(field);
    }
    dial.querySelector(".key").setAttribute("aria-pressed", String(keys.some(([at]) => at === index)));
  }

  // the curves of those settings
  lay() {
    const { first, last } = this.holder.querySelector(".dials")?.dataset ?? {};
    for (const element of this.holder.querySelectorAll(".bend")) {
      const dial = element.closest(".dial");
      const field = dial.querySelector("input");
      const bend = new Bend(element, {
        first: Number(first),
        last: Number(last),
        least: Number(field.min),
        most: Number(field.max),
        step: Number(field.step),
        words: (value) => (field.step === "1" ? String(value) : this.number.format(value)),
        go: (frame) => this.player.step(frame - this.player.index),
        moved: () => {
          this.turn(dial, this.player.index);
          this.look(field);
        },
        kept: (i) => this.keepKeys(bend, dial.dataset.name, i),
      });
      this.turn(dial, this.player.index);
    }
    if (this.focus) this.holder.querySelectorAll(`.dial[data-name="${this.focus.name}"] .bend-key`)[this.focus.at]?.focus();
    this.focus = null;
  }

  keepKeys(bend, name, at) {
    clearTimeout(this.bending);
    this.bending = setTimeout(() => {
      this.focus = bend.element.contains(document.activeElement) ? { name, at } : null;
      this.send({ action: "curve", name, curve: JSON.stringify(bend.keys) });
    }, KEEP_MS);
  }

  say(field) {
    const output = field.parentElement.querySelector("output");
    if (output) output.value = field.step === "1" ? field.value : this.number.format(Number(field.value));
  }

  turned(field) {
    if (!field.name) return;
    this.say(field);
    this.look(field);
  }

  // how the present frame looks under what a field says
  look(field) {
    this.wish = { name: field.name, value: field.value };
    clearTimeout(this.later);
    this.later = setTimeout(() => this.preview(), PREVIEW_MS);
  }

  async preview() {
    if (this.looking || !this.wish) return;
    this.looking = true;
    while (this.wish) {
      const { name, value } = this.wish;
      this.wish = null;
      const index = this.player.index;
      const wide = Math.max(160, Math.ceil(this.monitor.canvas.clientWidth / 160) * 160);
      const body = new URLSearchParams({ [name]: value });
      const headers = { "X-CSRF-Token": document.body.dataset.csrf, "HX-Request": "true" };
      const answer = await fetch(`/p/${this.room.dataset.place}/preview/${index}.jpg?width=${wide}`, { method: "POST", body, headers });
      if (answer.ok) await this.monitor.put(await answer.blob(), index);
    }
    this.looking = false;
  }

  rested(field) {
    if (!field.name) return;
    clearTimeout(this.waiting);
    const { name, value } = field;
    const send = () => {
      this.waiting = 0;
      this.send({ action: "set", name, value });
    };
    this.waiting = setTimeout(send, KEEP_MS);
  }

  pressed(button) {
    if (!button) return;
    const dial = button.closest(".dial");
    const name = dial?.dataset.name ?? "";
    const there = button.getAttribute("aria-pressed") === "true";
    const action = button.dataset.action === "key" && there ? "unkey" : button.dataset.action;
    this.send({ action, name, value: dial?.querySelector("input")?.value ?? "" });
  }

  send(values) {
    window.htmx.ajax("POST", `/p/${this.room.dataset.place}/shot/${this.holder.dataset.number}`, {
      target: "#shot",
      swap: "innerHTML",
      values: { ...values, frame: this.player.index },
    });
  }
}
