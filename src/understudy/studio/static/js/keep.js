// A piece of the page that comes anew because something happened elsewhere takes nothing out of the person's hands: what was typed, ticked or opened in
// it stays so, and while a button of it is held down it does not come at all.

export function keepWhatIsTouched() {
  let pressed = false;
  const late = new Set();
  window.addEventListener("pointerdown", () => (pressed = true), true);
  for (const type of ["pointerup", "pointercancel"]) {
    window.addEventListener(
      type,
      () => {
        pressed = false;
        // after the click that follows, and what it sends
        setTimeout(() => {
          for (const piece of late) if (piece.isConnected) window.htmx.trigger(piece, "late");
          late.clear();
        });
      },
      true,
    );
  }

  const kept = new Map();
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const piece = event.detail.target;
    // what the person sent is answered by a form as it is then
    if (event.target !== piece || event.detail.requestConfig.elt !== piece) return;
    if (pressed) {
      event.detail.shouldSwap = false;
      late.add(piece);
      return;
    }
    kept.set(piece, touched(piece));
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    const before = kept.get(event.target);
    kept.delete(event.target);
    if (before) putBack(event.target, before);
  });
}

function touched(piece) {
  const focus = piece.contains(document.activeElement) && document.activeElement.form ? document.activeElement : null;
  const before = { fields: [], open: [], focus: focus && nameOf(focus), selection: null };
  if (focus && typeof focus.selectionStart === "number") before.selection = [focus.selectionStart, focus.selectionEnd];
  for (const field of fieldsOf(piece)) {
    if (field.type === "radio" || field.type === "checkbox") {
      if (field.checked !== field.defaultChecked) before.fields.push([nameOf(field), { checked: field.checked }]);
    } else if (field.tagName === "SELECT") {
      if ([...field.options].some((one) => one.selected !== one.defaultSelected)) before.fields.push([nameOf(field), { value: field.value }]);
    } else if (field.value !== field.defaultValue) {
      before.fields.push([nameOf(field), { value: field.value }]);
    }
  }
  for (const form of piece.querySelectorAll("details[open] form")) before.open.push(nameOf(form));
  return before;
}

function putBack(piece, before) {
  const forms = new Map([...piece.querySelectorAll("form")].map((form) => [nameOf(form), form]));
  for (const name of before.open) forms.get(name)?.closest("details")?.setAttribute("open", "");
  const fields = new Map(fieldsOf(piece).map((field) => [nameOf(field), field]));
  for (const [name, value] of before.fields) if (fields.has(name)) Object.assign(fields.get(name), value);
  const focus = fields.get(before.focus);
  if (!focus || document.activeElement === focus) return;
  focus.focus({ preventScroll: true });
  if (before.selection) focus.setSelectionRange(...before.selection);
}

function fieldsOf(piece) {
  return [...piece.querySelectorAll("input, select, textarea")].filter((field) => field.form && !["hidden", "file"].includes(field.type));
}

// What a form or a field is known by, before and after.
function nameOf(one) {
  if (one.tagName === "FORM") return `${one.getAttribute("hx-post")} ${one.elements.checkpoint?.value ?? ""}`;
  const alike = [...one.form.elements].filter((other) => other.name === one.name && (one.type !== "radio" || other.value === one.value));
  return [nameOf(one.form), one.name, one.type === "checkbox" || one.type === "radio" ? one.value : "", alike.indexOf(one)].join("|");
}
