// The cast: who gets whose face, and the curves of strength and share over the whole target.

import { Bend } from "./bend.js";

const KEEP_MS = 500;

export class Cast {
  constructor(room, player) {
    this.room = room;
    this.player = player;
    this.holder = room.querySelector("#cast");
    if (!this.holder) return;
    this.later = new Map();
    this.holder.addEventListener("htmx:afterSwap", () => this.lay());
    // a part, a face or a morph for the marked range
    this.holder.addEventListener("htmx:configRequest", (event) => {
      if (!event.target.closest("[data-range]")) return;
      if (player.from !== null) event.detail.parameters.begin = String(player.from);
      if (player.to !== null) event.detail.parameters.end = String(player.to);
    });
    this.holder.addEventListener("click", (event) => {
      if (event.target.closest("[data-bend=add]")) event.target.closest(".bend").bend.add(player.index);
    });
    player.watch(() => this.now());
    this.lay();
  }

  lay() {
    const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });
    for (const element of this.holder.querySelectorAll(".bend")) {
      const bend = new Bend(element, {
        first: 0,
        last: this.player.count - 1,
        least: 0,
        most: 1,
        words: (value) => percent.format(value),
        go: (frame) => this.player.step(frame - this.player.index),
        kept: (i) => this.keep(bend, i),
      });
    }
    if (this.focus) {
      const { part, what, at } = this.focus;
      this.holder.querySelectorAll(`.bend[data-part="${part}"][data-what="${what}"] .bend-key`)[at]?.focus();
    }
    this.now();
  }

  now() {
    for (const element of this.holder.querySelectorAll(".bend")) element.bend.show(this.player.index);
  }

  keep(bend, at) {
    const { part, what } = bend.element.dataset;
    clearTimeout(this.later.get(`${part} ${what}`));
    const send = async () => {
      const headers = { "Content-Type": "application/json", "X-CSRF-Token": document.body.dataset.csrf, "HX-Request": "true" };
      const body = JSON.stringify({ what, keys: bend.keys });
      const answer = await fetch(`/p/${this.room.dataset.place}/cast/${part}`, { method: "POST", headers, body });
      const held = document.activeElement?.closest?.(".bend-key");
      this.focus = held && bend.element.contains(held) ? { part, what, at } : null;
      window.htmx.swap(answer.ok ? "#cast" : "#trouble", await answer.text(), { swapStyle: "innerHTML" });
      if (answer.ok) this.lay();
      this.focus = null;
      if (answer.ok) document.body.dispatchEvent(new CustomEvent("result-changed"));
    };
    this.later.set(`${part} ${what}`, setTimeout(send, KEEP_MS));
  }
}
