// The strip of shots below the pictures: each as wide as it is long, the marks of key-frames and strokes, the range between in and out.

export class Timeline {
  constructor(room, player) {
    this.room = room;
    this.player = player;
    this.piece = room.querySelector("#timeline-piece");
    this.range = room.querySelector("#range");
    this.scrub = room.querySelector("#scrub");
    this.scrub.max = String(player.count - 1);
    this.scrub.addEventListener("input", () => {
      player.stop();
      player.go(Number(this.scrub.value), true);
    });
    // let go of it: the frame as it is
    this.scrub.addEventListener("change", () => player.go(Number(this.scrub.value)));
    this.piece.addEventListener("htmx:afterSwap", () => this.lay());
    room.addEventListener("click", (event) => {
      const jump = event.target.closest("[data-go]");
      if (!jump) return;
      player.stop();
      player.go(Number(jump.dataset.go));
    });
    player.watch(() => this.show());
    this.lay();
  }

  get shots() {
    return [...this.piece.querySelectorAll(".shots > li")].map((item) => ({
      item,
      number: Number(item.dataset.number),
      first: Number(item.dataset.first),
      last: Number(item.dataset.last),
      state: item.dataset.state,
    }));
  }

  shotAt(index) {
    return this.shots.find((shot) => shot.first <= index && index <= shot.last) ?? null;
  }

  // to the beginning of this shot or the one before, or to the next one
  jump(direction) {
    const starts = this.shots.map((shot) => shot.first);
    const wanted = direction > 0 ? starts.find((first) => first > this.player.index) : starts.findLast((first) => first < this.player.index);
    this.player.step((wanted ?? (direction > 0 ? this.player.count - 1 : 0)) - this.player.index);
  }

  lay() {
    const count = this.player.count;
    for (const { item, first, last } of this.shots) item.style.flexGrow = String(last - first + 1);
    for (const mark of this.piece.querySelectorAll(".marks i")) mark.style.left = `${(100 * (Number(mark.dataset.frame) + 0.5)) / count}%`;
    this.show();
  }

  show() {
    const { player } = this;
    this.scrub.value = String(player.index);
    this.scrub.setAttribute("aria-valuetext", `${this.room.dataset.frame} ${player.index}, ${player.clock()}`);
    const limited = player.from !== null || player.to !== null;
    this.range.hidden = !limited;
    this.range.style.left = `${(100 * player.first) / player.count}%`;
    this.range.style.width = `${(100 * (player.last - player.first + 1)) / player.count}%`;
    const now = this.shotAt(player.index);
    for (const { item, number } of this.shots) item.toggleAttribute("data-now", number === now?.number);
    const some = this.piece.querySelector("#render-range");
    if (some) {
      const wanted = this.shots.filter((shot) => shot.last >= player.first && shot.first <= player.last && ["open", "stale"].includes(shot.state));
      some.hidden = !limited || !wanted.length;
      some.setAttribute("hx-vals", JSON.stringify({ shots: wanted.map((shot) => shot.number).join(",") }));
    }
  }
}
