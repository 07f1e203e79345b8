// Source, target and result beside each other: one play button, one scrubber, and a wipe of the result over the target.

export function setUpPlayers() {
  const stage = document.getElementById("players");
  if (!stage) return;
  const video = (view) => stage.querySelector(`[data-view="${view}"] video`);
  const lead = video("result");
  const followers = ["target", "source"].map(video).filter(Boolean);
  const play = stage.querySelector("#play");
  const scrub = stage.querySelector("#scrub");
  const clock = stage.querySelector("#clock");
  const rate = Number(stage.dataset.rate) || 25;
  const seconds = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

  const show = () => {
    if (lead.duration) scrub.value = String(Math.round((1000 * lead.currentTime) / lead.duration));
    clock.value = `${seconds.format(lead.currentTime)} / ${seconds.format(lead.duration || 0)} s`;
  };
  const follow = (exactly) => {
    for (const one of followers) {
      // the source is another film: it only runs along
      const wanted = one === followers[0] ? lead.currentTime : one.duration ? lead.currentTime % one.duration : 0;
      if (exactly || Math.abs(one.currentTime - wanted) > 0.12) one.currentTime = wanted;
    }
  };
  const seek = (time) => {
    lead.currentTime = Math.min(Math.max(0, time), lead.duration || 0);
    follow(true);
    show();
  };
  const toggle = () => {
    if (lead.paused) [lead, ...followers].forEach((one) => one.play().catch(() => undefined));
    else [lead, ...followers].forEach((one) => one.pause());
  };

  play.addEventListener("click", toggle);
  for (const name of ["play", "pause", "ended"]) {
    lead.addEventListener(name, () => {
      play.textContent = lead.paused ? stage.dataset.play : stage.dataset.pause;
      play.setAttribute("aria-pressed", String(!lead.paused));
      if (lead.paused) followers.forEach((one) => one.pause());
    });
  }
  lead.addEventListener("timeupdate", () => {
    if (!lead.paused) follow(false);
    show();
  });
  lead.addEventListener("loadedmetadata", () => {
    show();
  });
  for (const one of [lead, ...followers]) {
    one.addEventListener("error", () => (one.closest("figure").querySelector("figcaption").textContent = stage.dataset.cannot));
  }
  scrub.addEventListener("input", () => seek((Number(scrub.value) / 1000) * (lead.duration || 0)));
  stage.querySelector("#wipe-on").addEventListener("change", (event) => {
    stage.querySelector(".screens").classList.toggle("wiped", event.target.checked);
    stage.querySelector(".scrub.wipe").hidden = !event.target.checked;
  });
  stage.querySelector("#wipe").addEventListener("input", (event) => stage.style.setProperty("--wipe", `${event.target.value}%`));
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea, button, a") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " ") toggle();
    else if (event.key === "ArrowRight") seek(lead.currentTime + 1 / rate);
    else if (event.key === "ArrowLeft") seek(lead.currentTime - 1 / rate);
    else return;
    event.preventDefault();
  });
}
