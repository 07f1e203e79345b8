// The rounds of a training, one after the other: the same moments, growing better.

const STEP_MS = 260;

export function setUpGrowth() {
  const holder = document.getElementById("train");
  if (!holder) return;
  let chosen = null;
  let timer = 0;

  const parts = () => ({
    image: holder.querySelector("#growth img"),
    slider: holder.querySelector("#growth-at"),
    word: holder.querySelector("#growth-word"),
    play: holder.querySelector("#growth-play"),
    rounds: [...holder.querySelectorAll("#growth li")],
  });

  const show = (at) => {
    const { image, slider, word, rounds } = parts();
    if (!rounds[at]) return;
    slider.value = String(at);
    slider.setAttribute("aria-valuetext", rounds[at].textContent);
    image.src = rounds[at].dataset.picture;
    word.value = rounds[at].textContent;
  };
  const choose = (at) => {
    // the newest one is followed
    chosen = at < parts().rounds.length - 1 ? at : null;
    show(at);
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    const { play } = parts();
    if (play) play.textContent = play.dataset.play;
  };

  holder.addEventListener("input", (event) => {
    if (event.target.id !== "growth-at") return;
    stop();
    choose(Number(event.target.value));
  });
  holder.addEventListener("click", (event) => {
    if (!event.target.closest("#growth-play")) return;
    if (timer) return stop();
    const { play, rounds } = parts();
    play.textContent = play.dataset.pause;
    let at = 0;
    choose(0);
    timer = setInterval(() => {
      at += 1;
      choose(at);
      if (at >= rounds.length - 1) stop();
    }, STEP_MS);
  });
  holder.addEventListener("htmx:afterSwap", () => {
    stop();
    if (chosen !== null) show(chosen);
  });
}
