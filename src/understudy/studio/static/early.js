// What is pressed, chosen or sent before the page's own scripts are there waits for them. Without this the browser would send the form by itself, and
// the page would come again with nothing done. It is loaded before the body, as a plain script: a module would itself come too late.
(() => {
  const waiting = [];

  function hold(event) {
    const element = event.type === "click" ? event.target.closest("button") : event.target;
    if (!element) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const again = {
      click: () => element.click(),
      submit: () => element.requestSubmit(event.submitter),
      change: () => element.dispatchEvent(new Event("change", { bubbles: true })),
    };
    waiting.push(again[event.type]);
  }

  function release() {
    for (const type of ["click", "submit", "change"]) window.removeEventListener(type, hold, true);
    for (const go of waiting) go();
  }

  for (const type of ["click", "submit", "change"]) window.addEventListener(type, hold, true);
  // after everybody else who waited for this moment, htmx above all
  document.addEventListener("DOMContentLoaded", () => setTimeout(release));
})();
