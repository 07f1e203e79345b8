// Painting on the result: places where the target stays, and places where the face shows too. With a pointer, or with the keyboard alone.

export class Easel {
  constructor(room, player, { view, changed }) {
    this.room = room;
    this.player = player;
    this.view = view;
    this.changed = changed;
    this.canvas = room.querySelector("#easel");
    this.tools = room.querySelector("#tools");
    if (!this.tools) return;
    this.on = false;
    this.points = [];
    this.pen = false;
    this.cursor = null;
    this.button = room.querySelector("#paint");
    this.button.addEventListener("click", () => this.toggle());
    room.querySelector("#paint-clear").addEventListener("click", () => this.send({ kind: "clear" }));
    this.canvas.addEventListener("pointerdown", (event) => this.down(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, () => this.up());
    this.canvas.addEventListener("dblclick", () => this.finish());
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.tools.addEventListener("change", () => this.forget());
    player.watch(() => this.on && this.forget());
  }

  get kind() {
    return this.tools.querySelector("[name=kind]:checked").value;
  }

  get brush() {
    return this.tools.querySelector("[name=tool]:checked").value === "brush";
  }

  // in pixels of the frame
  get size() {
    return Number(this.tools.querySelector("#brush-size").value) * (this.canvas.height / 1080);
  }

  toggle(on = !this.on) {
    if (!this.tools) return;
    this.on = on;
    this.player.stop();
    this.button.setAttribute("aria-pressed", String(on));
    this.button.textContent = on ? this.tools.dataset.end : this.tools.dataset.begin;
    this.canvas.hidden = !on;
    this.canvas.tabIndex = on ? 0 : -1;
    this.forget();
    if (!on) return;
    this.view("one");
    this.canvas.closest(".monitor").scrollIntoView({ block: "nearest" });
    this.canvas.focus();
  }

  forget() {
    this.points = [];
    this.pen = false;
    this.draw();
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * this.canvas.width, ((event.clientY - box.top) / box.height) * this.canvas.height];
  }

  down(event) {
    if (event.button) return;
    this.cursor = this.place(event);
    if (this.brush) {
      this.canvas.setPointerCapture(event.pointerId);
      this.pen = true;
      this.points = [this.cursor];
    } else {
      this.points.push(this.cursor);
    }
    this.draw();
  }

  move(event) {
    this.cursor = this.place(event);
    if (this.pen) this.points.push(this.cursor);
    this.draw();
  }

  up() {
    if (!this.pen || !this.brush) return;
    this.pen = false;
    this.finish();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = (event.shiftKey ? 0.002 : 0.015) * this.canvas.width;
    const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (way) {
      this.cursor ??= [this.canvas.width / 2, this.canvas.height / 2];
      this.cursor = [clamp(this.cursor[0] + way[0], this.canvas.width), clamp(this.cursor[1] + way[1], this.canvas.height)];
      if (this.pen) this.points.push(this.cursor);
    } else if (event.key === " ") {
      this.cursor ??= [this.canvas.width / 2, this.canvas.height / 2];
      if (this.brush) {
        this.pen = !this.pen;
        if (this.pen) this.points = [this.cursor];
        else this.finish();
      } else {
        this.points.push(this.cursor);
      }
    } else if (event.key === "Enter") {
      this.pen = false;
      this.finish();
    } else if (event.key === "Backspace" && !this.brush) {
      this.points.pop();
    } else if (event.key === "Escape") {
      if (this.points.length) this.forget();
      else {
        this.toggle(false);
        this.button.focus();
      }
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    this.draw();
  }

  draw() {
    const pen = this.canvas.getContext("2d");
    const colour = getComputedStyle(this.canvas).getPropertyValue(this.kind === "include" ? "--accent" : "--weak");
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    pen.globalAlpha = 0.55;
    pen.strokeStyle = pen.fillStyle = colour;
    if (this.brush) this.trace(pen);
    else if (this.points.length) {
      pen.beginPath();
      for (const point of [...this.points, ...(this.cursor ? [this.cursor] : [])]) pen.lineTo(...point);
      pen.closePath();
      pen.fill();
      pen.globalAlpha = 1;
      pen.lineWidth = Math.max(1.5, this.canvas.width / 600);
      pen.stroke();
    }
    if (!this.cursor) return;
    pen.globalAlpha = 1;
    pen.lineWidth = Math.max(1.5, this.canvas.width / 700);
    pen.beginPath();
    pen.arc(...this.cursor, this.brush ? this.size / 2 : this.canvas.width / 160, 0, 2 * Math.PI);
    pen.stroke();
  }

  trace(pen) {
    if (!this.points.length) return;
    pen.lineCap = pen.lineJoin = "round";
    pen.lineWidth = this.size;
    pen.beginPath();
    pen.moveTo(...this.points[0]);
    for (const point of this.points) pen.lineTo(...point);
    pen.stroke();
  }

  finish() {
    const points = this.points;
    if (this.brush && points.length) {
      const sheet = document.createElement("canvas");
      sheet.width = this.canvas.width;
      sheet.height = this.canvas.height;
      const pen = sheet.getContext("2d");
      pen.strokeStyle = "#fff";
      this.trace(pen);
      this.send({ kind: this.kind, brush: sheet.toDataURL("image/png").split(",")[1] });
    } else if (!this.brush && points.length >= 3) {
      this.send({ kind: this.kind, polygons: [points] });
    } else {
      return;
    }
    this.points = [];
  }

  async send(stroke) {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": document.body.dataset.csrf, "HX-Request": "true" };
    const body = JSON.stringify({ frame: this.player.index, ...stroke });
    const answer = await fetch(`/p/${this.room.dataset.place}/strokes`, { method: "POST", headers, body });
    const html = await answer.text();
    this.draw();
    window.htmx.swap(answer.ok ? "#strokes" : "#trouble", html, { swapStyle: "innerHTML" });
    if (answer.ok) this.changed();
  }
}

const clamp = (value, most) => Math.min(Math.max(0, value), most);
