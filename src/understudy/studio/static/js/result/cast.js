// The cast: curves of strength and share over the frames, with key-frames that are dragged, or moved with the arrow keys.

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
    this.holder.addEventListener("click", (event) => this.clicked(event));
    this.holder.addEventListener("keydown", (event) => this.key(event));
    this.holder.addEventListener("pointerdown", (event) => this.drag(event));
    player.watch(() => this.now());
    this.lay();
  }

  lay() {
    for (const bend of this.holder.querySelectorAll(".bend")) {
      bend.keys = JSON.parse(bend.dataset.keys);
      this.draw(bend);
    }
    if (this.focus) {
      const { part, what, at } = this.focus;
      this.holder.querySelectorAll(`.bend[data-part="${part}"][data-what="${what}"] .bend-key`)[at]?.focus();
    }
    this.now();
  }

  now() {
    for (const line of this.holder.querySelectorAll(".bend-now")) line.style.left = `${this.across(this.player.index)}%`;
  }

  across(frame) {
    return (100 * (frame + 0.5)) / this.player.count;
  }

  draw(bend) {
    const keys = bend.keys;
    const points = [[0, keys[0][1]], ...keys, [this.player.count - 1, keys[keys.length - 1][1]]];
    bend.querySelector("polyline").setAttribute("points", points.map(([at, value]) => `${10 * this.across(at)},${96 - 92 * value}`).join(" "));
    const field = bend.querySelector(".bend-field");
    const buttons = [...field.querySelectorAll(".bend-key")];
    while (buttons.length > keys.length) buttons.pop().remove();
    while (buttons.length < keys.length) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "bend-key";
      field.append(button);
      buttons.push(button);
    }
    const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });
    keys.forEach(([at, value], i) => {
      buttons[i].style.left = `${this.across(at)}%`;
      buttons[i].style.top = `${96 - 92 * value}%`;
      buttons[i].setAttribute("aria-label", `${bend.dataset.keyWord} ${at}: ${percent.format(value)}`);
      buttons[i].title = buttons[i].getAttribute("aria-label");
    });
  }

  put(bend, i, frame, value) {
    const keys = bend.keys;
    const low = i > 0 ? keys[i - 1][0] + 1 : 0;
    const high = i < keys.length - 1 ? keys[i + 1][0] - 1 : this.player.count - 1;
    keys[i] = [Math.round(clamp(frame, low, high)), Math.round(100 * clamp(value, 0, 1)) / 100];
    this.draw(bend);
    this.keep(bend, i);
  }

  clicked(event) {
    if (!event.target.closest("[data-bend=add]")) return;
    const bend = event.target.closest(".bend");
    const frame = this.player.index;
    if (bend.keys.some(([at]) => at === frame)) return;
    const after = bend.keys.findIndex(([at]) => at > frame);
    const i = after < 0 ? bend.keys.length : after;
    const value = i === 0 ? bend.keys[0][1] : i === bend.keys.length ? bend.keys[i - 1][1] : between(bend.keys[i - 1], bend.keys[i], frame);
    bend.keys.splice(i, 0, [frame, Math.round(100 * value) / 100]);
    this.draw(bend);
    bend.querySelectorAll(".bend-key")[i].focus();
    this.keep(bend, i);
  }

  key(event) {
    const button = event.target.closest(".bend-key");
    if (!button) return;
    const bend = button.closest(".bend");
    const i = [...bend.querySelectorAll(".bend-key")].indexOf(button);
    const [frame, value] = bend.keys[i];
    const far = event.shiftKey ? 10 : 1;
    if (event.key === "ArrowLeft") this.put(bend, i, frame - far, value);
    else if (event.key === "ArrowRight") this.put(bend, i, frame + far, value);
    else if (event.key === "ArrowUp") this.put(bend, i, frame, value + 0.05 * (event.shiftKey ? 4 : 1));
    else if (event.key === "ArrowDown") this.put(bend, i, frame, value - 0.05 * (event.shiftKey ? 4 : 1));
    else if (event.key === "Enter") this.player.step(frame - this.player.index);
    else if ((event.key === "Delete" || event.key === "Backspace") && bend.keys.length > 1) {
      bend.keys.splice(i, 1);
      this.draw(bend);
      this.keep(bend, Math.max(0, i - 1));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  drag(event) {
    const button = event.target.closest(".bend-key");
    if (!button || event.button) return;
    const bend = button.closest(".bend");
    const i = [...bend.querySelectorAll(".bend-key")].indexOf(button);
    const box = bend.querySelector(".bend-field").getBoundingClientRect();
    button.setPointerCapture(event.pointerId);
    const move = (to) => {
      const frame = ((to.clientX - box.left) / box.width) * this.player.count - 0.5;
      this.put(bend, i, frame, (96 - (100 * (to.clientY - box.top)) / box.height) / 92);
    };
    const up = () => {
      button.removeEventListener("pointermove", move);
      button.removeEventListener("pointerup", up);
      button.removeEventListener("pointercancel", up);
    };
    button.addEventListener("pointermove", move);
    button.addEventListener("pointerup", up);
    button.addEventListener("pointercancel", up);
  }

  keep(bend, at) {
    const { part, what } = bend.dataset;
    clearTimeout(this.later.get(`${part} ${what}`));
    const send = async () => {
      const headers = { "Content-Type": "application/json", "X-CSRF-Token": document.body.dataset.csrf, "HX-Request": "true" };
      const body = JSON.stringify({ what, keys: bend.keys });
      const answer = await fetch(`/p/${this.room.dataset.place}/cast/${part}`, { method: "POST", headers, body });
      const held = document.activeElement?.closest?.(".bend-key");
      this.focus = held && bend.contains(held) ? { part, what, at } : null;
      window.htmx.swap(answer.ok ? "#cast" : "#trouble", await answer.text(), { swapStyle: "innerHTML" });
      if (answer.ok) this.lay();
      this.focus = null;
      if (answer.ok) document.body.dispatchEvent(new CustomEvent("result-changed"));
    };
    this.later.set(`${part} ${what}`, setTimeout(send, KEEP_MS));
  }
}

const clamp = (value, low, high) => Math.min(Math.max(low, value), high);
const between = ([a, from], [b, to], at) => from + ((to - from) * (at - a)) / (b - a);
