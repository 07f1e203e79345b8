// Where one is in the target, and moving through it: by frame, by shot, playing forth and back at several speeds, between in and out.

export class Player {
  constructor(times) {
    this.times = times;
    this.count = times.length;
    this.index = 0;
    this.speed = 0;
    this.from = null;
    this.to = null;
    this.watchers = [];
    this.sound = null;
    this.mean = this.count > 1 ? times[this.count - 1] / (this.count - 1) : 0.04;
  }

  // `watch(index, playing)` is called when the frame or the speed changes
  watch(watcher) {
    this.watchers.push(watcher);
  }

  get first() {
    return this.from ?? 0;
  }

  get last() {
    return this.to ?? this.count - 1;
  }

  go(index, playing = false) {
    this.index = Math.min(Math.max(0, Math.round(index)), this.count - 1);
    for (const watcher of this.watchers) watcher(this.index, playing);
  }

  step(by) {
    this.stop();
    this.go(this.index + by);
  }

  toggle() {
    if (this.speed) this.stop();
    else this.play(1);
  }

  // J, K, L: each further press goes faster
  shuttle(direction) {
    const same = Math.sign(this.speed) === direction;
    this.play(same ? Math.max(-8, Math.min(8, this.speed * 2)) : direction);
  }

  play(speed) {
    // at the end, or outside of the range, it begins anew
    if (speed > 0 && (this.index >= this.last || this.index < this.first)) this.go(this.first, true);
    if (speed < 0 && (this.index <= this.first || this.index > this.last)) this.go(this.last, true);
    const running = this.speed !== 0;
    this.speed = speed;
    this.anchor();
    if (!running) requestAnimationFrame(() => this.tick());
    this.go(this.index, true);
  }

  stop() {
    if (!this.speed) return;
    this.speed = 0;
    this.sound?.pause();
    this.go(this.index);
  }

  anchor() {
    this.began = performance.now();
    this.origin = this.times[this.index];
    if (!this.sound) return;
    if (this.speed > 0 && this.speed <= 4) {
      this.sound.currentTime = this.origin;
      this.sound.playbackRate = this.speed;
      this.sound.play().catch(() => undefined);
    } else {
      this.sound.pause();
    }
  }

  tick() {
    if (!this.speed) return;
    const now = this.origin + ((performance.now() - this.began) / 1000) * this.speed;
    const end = this.speed > 0 ? now >= this.times[this.last] + this.mean : now < this.times[this.first] - this.mean / 2;
    if (end && (this.from !== null || this.to !== null)) {
      this.go(this.speed > 0 ? this.first : this.last, true);
      this.anchor();
    } else if (end) {
      this.index = this.speed > 0 ? this.last : this.first;
      this.stop();
      return;
    } else {
      const index = this.at(now);
      if (index !== this.index) this.go(index, true);
    }
    requestAnimationFrame(() => this.tick());
  }

  // the frame that is shown at a time
  at(seconds) {
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.times[middle] <= seconds + 1e-6) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  mark(which) {
    if (which === "in") {
      this.from = this.index;
      if (this.to !== null && this.to <= this.from) this.to = null;
    } else if (which === "out") {
      this.to = this.index;
      if (this.from !== null && this.from >= this.to) this.from = null;
    } else {
      this.from = this.to = null;
    }
    this.go(this.index, this.speed !== 0);
    if (this.speed) this.anchor();
  }

  // the first frame that is shown at a time or later
  firstFrom(seconds) {
    return this.times[0] >= seconds ? 0 : this.at(seconds) + (this.times[this.at(seconds)] < seconds ? 1 : 0);
  }

  // hours, minutes, seconds, and frames since that second began
  clock() {
    const whole = Math.floor(this.times[this.index] + 1e-6);
    const frames = this.index - this.firstFrom(whole - 1e-6);
    return [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60, frames].map((n) => String(n).padStart(2, "0")).join(":");
  }
}
