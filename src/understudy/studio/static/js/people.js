// People: how many are ticked is said on the button; what another window changes does not take away a name that is being typed.

export function setUpPeople() {
  const people = document.getElementById("people");
  if (!people) return;
  const show = () => {
    const button = document.getElementById("merge-go");
    if (!button) return;
    const n = people.querySelectorAll(".portrait :checked").length;
    button.disabled = n < 2;
    button.textContent = n < 2 ? button.dataset.one : button.dataset.many.replace("{n}", n);
  };
  people.addEventListener("change", show);
  let late = false;
  const typing = () => {
    const at = document.activeElement;
    return people.contains(at) && at.name === "name" && at.value !== at.defaultValue;
  };
  people.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target !== people || !typing()) return;
    event.preventDefault();
    late = true;
  });
  people.addEventListener("focusout", () => {
    if (late && !typing()) document.body.dispatchEvent(new CustomEvent("live:people"));
    late = false;
  });
  // what is open and ticked stays so when the piece comes anew
  let kept = { open: [], ticked: [], said: "" };
  people.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== people) return;
    const foreign = event.target === people;
    // this window's own change comes back as news, too: what was said of it stays to be read
    kept.said = foreign ? people.querySelector(".said:not([hidden])")?.textContent : "";
    kept.open = [...people.querySelectorAll(".person:has(details[open])")].map((one) => one.id);
    kept.ticked = foreign ? [...people.querySelectorAll(".portrait :checked")].map((one) => one.id) : [];
  });
  people.addEventListener("htmx:afterSwap", () => {
    for (const id of kept.open) document.getElementById(id)?.querySelector("details")?.setAttribute("open", "");
    for (const id of kept.ticked) document.getElementById(id)?.setAttribute("checked", "");
    const silent = people.querySelector(".said[hidden]");
    if (kept.said && silent) {
      silent.textContent = kept.said;
      silent.hidden = false;
    }
    const said = people.querySelector(".said:not([hidden])");
    if (said && document.activeElement === document.body) said.focus({ preventScroll: true });
    show();
  });
  show();
}
