// The stream of events. Of all open tabs one holds the line (a lock decides which) and tells the others, so that many tabs need one connection.
// A message puts the steps of its job in place; where a job turned (began, ended) or made a picture, the pieces of the page are fetched anew.

const channel = new BroadcastChannel("understudy-live");

export function watch() {
  channel.addEventListener("message", (event) => take(event.data));
  if (navigator.locks) {
    navigator.locks.request("understudy-live", () => new Promise(() => listen()));
  } else {
    listen();
  }
}

function listen() {
  const source = new EventSource("/api/events");
  const tell = (data) => {
    channel.postMessage(data);
    take(data);
  };
  let lost = 0;
  source.addEventListener("job", (event) => tell(JSON.parse(event.data)));
  source.addEventListener("changed", (event) => tell({ changed: JSON.parse(event.data) }));
  source.addEventListener("open", () => {
    clearTimeout(lost);
    lost = 0;
    tell({ line: true });
  });
  source.addEventListener("error", () => {
    // it tries again by itself; only a line that stays away is spoken of
    lost ||= setTimeout(() => tell({ line: false }), 2500);
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listenAgain(source), 3000);
  });
}

function listenAgain(old) {
  old.close();
  listen();
}

let wasLost = false;

function take(message) {
  if ("line" in message) {
    const line = document.getElementById("line");
    line.textContent = message.line ? "" : line.dataset.lost;
    line.hidden = message.line;
    // what happened while nobody listened is fetched
    if (message.line && wasLost) announce("live:turned");
    wasLost = !message.line;
    return;
  }
  if ("changed" in message) {
    const { place, what } = message.changed;
    if (!place || place === document.body.dataset.place) announce(`live:${what}`);
    return;
  }
  const list = document.querySelector(`[data-live-job="${message.job}"]`);
  for (const step of list ? message.steps : []) place(list, step);
  if (message.place !== document.body.dataset.place) return;
  if (message.turned) announce("live:turned");
  else if (message.preview) announce("live:preview");
}

function place(list, step) {
  const row = list.querySelector(`[data-step="${step.name}"]`);
  if (!row) return;
  row.dataset.state = step.state;
  row.querySelector(".step-words").textContent = step.words;
  const bar = row.querySelector("progress");
  if (step.share === null) bar.removeAttribute("value");
  else bar.value = step.share;
}

function announce(name) {
  document.body.dispatchEvent(new CustomEvent(name));
}
