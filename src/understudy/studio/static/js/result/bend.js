// A curve over frames: its key-frames are dragged, or moved with the arrow keys. Values outside of the first and the last key-frame stay as in these.

/** `first` and `last` frame, `least` and `most` value, `step` of values; `words(value)` for the ear; `go(frame)`; `moved()` while it changes; `kept(i)` when it rests. */
export class Bend {
  constructor(element, options) {
    Object.assign(this, { step: 0.01, moved: () => {} }, options);
    this.element = element;
    this.keys = JSON.parse(element.dataset.keys);
    this.field = element.querySelector(".bend-field");
    this.line = element.querySelector("polyline");
    this.now = element.querySelector(".bend-now");
    element.bend = this;
    element.addEventListener("keydown", (event) => this.key(event));
    element.addEventListener("pointerdown", (event) => this.drag(event));
    this.draw();
  }

  get buttons() {
    return [...this.field.querySelectorAll(".bend-key")];
  }

  across(frame) {
    return (100 * (frame - this.first + 0.5)) / (this.last - this.first + 1);
  }

  down(value) {
    return 92 - (84 * (value - this.least)) / (this.most - this.least || 1);
  }

  show(frame) {
    this.now.hidden = frame < this.first || frame > this.last;
    this.now.style.left = `${this.across(frame)}%`;
  }

  draw() {
    const { keys } = this;
    const points = [[this.first, keys[0][1]], ...keys, [this.last, keys[keys.length - 1][1]]];
    this.line.setAttribute("points", points.map(([at, value]) => `${10 * this.across(at)},${this.down(value)}`).join(" "));
    const buttons = this.buttons;
    while (buttons.length > keys.length) buttons.pop().remove();
    while (buttons.length < keys.length) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "bend-key";
      this.field.append(button);
      buttons.push(button);
    }
    keys.forEach(([at, value], i) => {
      buttons[i].style.left = `${this.across(at)}%`;
      buttons[i].style.top = `${this.down(value)}%`;
      buttons[i].ariaLabel = buttons[i].title = `${this.element.dataset.keyWord} ${at}: ${this.words(value)}`;
    });
  }

  /** Move a key-frame; it stays between its neighbours. */
  put(i, frame, value) {
    const low = i > 0 ? this.keys[i - 1][0] + 1 : this.first;
    const high = i < this.keys.length - 1 ? this.keys[i + 1][0] - 1 : this.last;
    const steps = Math.round(clamp(value, this.least, this.most) / this.step);
    this.keys[i] = [Math.round(clamp(frame, low, high)), Number((steps * this.step).toFixed(4))];
    this.draw();
    this.moved();
  }

  /** A key-frame more, on the curve as it is. */
  add(frame) {
    if (this.keys.some(([at]) => at === frame)) return;
    const value = between(this.keys, frame);
    const after = this.keys.findIndex(([at]) => at > frame);
    const i = after < 0 ? this.keys.length : after;
    this.keys.splice(i, 0, [frame, value]);
    this.put(i, frame, value);
    this.buttons[i].focus();
    this.kept(i);
  }

  key(event) {
    const i = this.buttons.indexOf(event.target);
    if (i < 0) return;
    const [frame, value] = this.keys[i];
    const wide = event.shiftKey ? 10 : 1;
    const high = Math.max(this.step, (this.most - this.least) / 20) * (event.shiftKey ? 4 : 1);
    const moves = { ArrowLeft: [-wide, 0], ArrowRight: [wide, 0], ArrowUp: [0, high], ArrowDown: [0, -high] };
    if (event.key in moves) {
      const [along, up] = moves[event.key];
      this.put(i, frame + along, value + up);
      this.kept(i);
    } else if (event.key === "Enter") this.go(frame);
    else if ((event.key === "Delete" || event.key === "Backspace") && this.keys.length > 1) {
      this.keys.splice(i, 1);
      this.draw();
      this.moved();
      this.kept(Math.max(0, i - 1));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  drag(event) {
    const i = this.buttons.indexOf(event.target);
    if (i < 0 || event.button) return;
    const button = event.target;
    const box = this.field.getBoundingClientRect();
    const began = String(this.keys[i]);
    const watched = new AbortController();
    button.setPointerCapture(event.pointerId);
    const move = (to) => {
      const frame = this.first - 0.5 + ((to.clientX - box.left) / box.width) * (this.last - this.first + 1);
      const share = (92 - (100 * (to.clientY - box.top)) / box.height) / 84;
      this.put(i, frame, this.least + share * (this.most - this.least));
    };
    const end = () => {
      watched.abort();
      // kept when it is let go of: while it is dragged, nothing may take its place
      if (String(this.keys[i]) !== began) this.kept(i);
    };
    button.addEventListener("pointermove", move, { signal: watched.signal });
    for (const name of ["pointerup", "pointercancel"]) button.addEventListener(name, end, { signal: watched.signal });
  }
}

/** The value of a curve at a frame: straight lines between the keys. */
export function between(keys, frame) {
  const after = keys.findIndex(([at]) => at >= frame);
  if (after === 0) return keys[0][1];
  if (after < 0) return keys[keys.length - 1][1];
  const [[a, from], [b, to]] = [keys[after - 1], keys[after]];
  return from + ((to - from) * (frame - a)) / (b - a);
}

const clamp = (value, low, high) => Math.min(Math.max(low, value), high);
