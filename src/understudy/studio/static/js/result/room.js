// The Result screen: the monitors, the player, the timeline, the shot's dials and the easel, and the keys that steer them.
import { Cast } from "./cast.js";
import { Dials } from "./dials.js";
import { Monitor } from "./frames.js";
import { Easel } from "./paint.js";
import { Player } from "./player.js";
import { Timeline } from "./timeline.js";

const KEYS_OFF = "understudy-keys-off";

export async function setUpRoom() {
  const room = document.getElementById("room");
  if (!room) return;
  const place = room.dataset.place;
  const [times, sourceTimes] = await Promise.all(["target", "source"].map((role) => fetch(`/p/${place}/times/${role}`).then((answer) => answer.json())));
  const player = new Player(times);
  const monitors = Object.fromEntries([...room.querySelectorAll(".monitor")].map((figure) => [figure.dataset.which, new Monitor(figure, place)]));
  monitors.result.standIn = monitors.target;
  room.style.setProperty("--aspect", String(room.dataset.width / room.dataset.height));
  const show = (index, playing) => {
    const view = room.dataset.view;
    monitors.result.show(index, playing);
    if (view !== "one") monitors.target.show(index, playing);
    // the source is another film: it only runs along
    if (view === "three") monitors.source.show(index % sourceTimes.length, playing);
  };
  player.watch(show);
  player.watch(() => status(room, player));
  const timeline = new Timeline(room, player);
  const view = (name) => {
    room.dataset.view = name;
    for (const button of room.querySelectorAll("[data-view-button]")) button.setAttribute("aria-pressed", String(button.dataset.viewButton === name));
    room.querySelector(".wiper").hidden = name !== "wipe";
    show(player.index, player.speed !== 0);
  };
  const changed = () => document.body.dispatchEvent(new CustomEvent("result-changed"));
  new Cast(room, player);
  new Dials(room, player, timeline, monitors.result);
  const easel = new Easel(room, player, { view, changed });
  // changed here, or in another window
  for (const name of ["result-changed", "live:result"]) document.body.addEventListener(name, () => monitors.result.renew());
  document.body.addEventListener("live:turned", () => Object.values(monitors).forEach((one) => one.renew()));
  buttons(room, player, view);
  keys(room, { player, timeline, view, easel });
  player.go(0);
  room.dataset.ready = "yes";
}

function status(room, player) {
  room.querySelector("#clock").value = `${player.clock()} · ${room.dataset.frame} ${player.index}`;
  const play = room.querySelector("#play");
  play.textContent = player.speed ? room.dataset.pause : room.dataset.play;
  play.setAttribute("aria-pressed", String(player.speed !== 0));
  const speed = room.querySelector("#speed");
  speed.hidden = !player.speed || player.speed === 1;
  speed.textContent = `${player.speed}×`;
  room.querySelector("#mark-none").hidden = player.from === null && player.to === null;
}

function buttons(room, player, view) {
  const on = (id, act) => room.querySelector(id).addEventListener("click", act);
  on("#play", () => player.toggle());
  on("#back", () => player.step(-1));
  on("#on", () => player.step(1));
  on("#to-start", () => player.step(-player.count));
  on("#to-end", () => player.step(player.count));
  on("#mark-in", () => player.mark("in"));
  on("#mark-out", () => player.mark("out"));
  on("#mark-none", () => player.mark("none"));
  for (const button of room.querySelectorAll("[data-view-button]")) button.addEventListener("click", () => view(button.dataset.viewButton));
  room.querySelector("#wipe").addEventListener("input", (event) => room.style.setProperty("--wipe", `${event.target.value}%`));
  room.querySelector("#sound-on").addEventListener("change", (event) => {
    player.sound?.pause();
    player.sound = event.target.checked ? room.querySelector("#sound") : null;
    if (player.speed) player.anchor();
  });
  const help = room.querySelector("#help");
  on("#help-open", () => help.showModal());
  on("#help-close", () => help.close());
  const single = room.querySelector("#keys-on");
  single.checked = !localStorage.getItem(KEYS_OFF);
  single.addEventListener("change", () => (single.checked ? localStorage.removeItem(KEYS_OFF) : localStorage.setItem(KEYS_OFF, "yes")));
}

function keys(room, { player, timeline, view, easel }) {
  const acts = {
    " ": () => player.toggle(),
    j: () => player.shuttle(-1),
    k: () => player.stop(),
    l: () => player.shuttle(1),
    ArrowLeft: (event) => player.step(event.shiftKey ? -10 : -1),
    ArrowRight: (event) => player.step(event.shiftKey ? 10 : 1),
    ArrowUp: () => timeline.jump(-1),
    ArrowDown: () => timeline.jump(1),
    Home: () => player.step(-player.count),
    End: () => player.step(player.count),
    i: () => player.mark("in"),
    o: () => player.mark("out"),
    x: () => player.mark("none"),
    1: () => view("three"),
    2: () => view("wipe"),
    3: () => view("one"),
    p: () => easel.toggle(),
    "?": () => room.querySelector("#help").showModal(),
  };
  const moves = new Set([" ", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"]);
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || room.querySelector("dialog[open]")) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && room.querySelector("#undo") && !event.target.matches("input[type=text], textarea")) {
      event.preventDefault();
      room.querySelector("#undo").click();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const field = event.target.closest("input, select, textarea, summary, video");
    // fields keep the keys that they need themselves; a slider needs no letters
    const slider = field?.matches("input[type=range], input[type=checkbox], input[type=radio]");
    if (field && !(slider && !moves.has(key))) return;
    if (moves.has(key) && key === " " && event.target.closest("button, a")) return;
    if (!acts[key] || (!moves.has(key) && localStorage.getItem(KEYS_OFF))) return;
    event.preventDefault();
    acts[key](event);
  });
}
