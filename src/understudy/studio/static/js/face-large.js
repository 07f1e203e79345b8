// One face, large, with its values; the arrow keys go to the next one.

export function setUpLarge(wall) {
  const dialog = document.getElementById("face-large");
  const piece = document.getElementById("face-piece");
  const show = async (place) => {
    if (place < 0 || place >= wall.list.faces.length) return;
    wall.go(place);
    const face = wall.list.faces[place];
    const answer = await wall.ask(`${wall.base}/${face}`);
    if (!answer || wall.list.faces[wall.at] !== face) return;
    piece.innerHTML = await answer.text();
    const kept = !wall.list.why[place];
    dialog.querySelector('[data-do="drop"]').disabled = wall.list.why[place] === 1;
    dialog.querySelector('[data-do="restore"]').disabled = kept;
    if (!dialog.open) dialog.showModal();
  };
  const tell = async (what) => {
    await wall.tell(what, [wall.list.faces[wall.at]]);
    if (wall.list.faces.length) show(wall.at);
    else dialog.close();
  };
  dialog.addEventListener("click", (event) => {
    const { go, do: act } = event.target.dataset;
    if (go) show(wall.at + Number(go));
    else if (act === "close" || event.target === dialog) dialog.close();
    else if (act) tell(act);
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") show(wall.at - 1);
    else if (event.key === "ArrowRight") show(wall.at + 1);
    else if (event.key === "Delete") tell("drop");
    else return;
    event.preventDefault();
  });
  dialog.addEventListener("close", () => wall.wall.focus({ preventScroll: true }));
  return { open: show };
}
