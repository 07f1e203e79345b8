// Sending videos: dropped or chosen, with progress, and what is wrong in words.

export function setUpUploads() {
  const form = document.getElementById("new-project");
  if (form) setUpNewProject(form);
  for (const one of document.querySelectorAll("form[data-upload]")) setUpSingle(one);
  // a file that misses its field must not make the browser leave the page
  for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
}

function setUpNewProject(form) {
  const drops = [...form.querySelectorAll(".drop")];
  const files = {};
  const begin = form.querySelector("#begin");
  const exchange = form.querySelector("#swap-files");
  const show = () => {
    for (const drop of drops) showChosen(drop, files[drop.dataset.role]);
    begin.disabled = !(files.source && files.target);
    exchange.disabled = !(files.source || files.target);
  };
  drops.forEach((drop, i) => {
    const role = drop.dataset.role;
    onFiles(drop, (list) => {
      files[role] = list[0];
      // two at once: the second one is the other person's
      if (list.length > 1) files[drops[1 - i].dataset.role] = list[1];
      show();
    });
  });
  exchange.addEventListener("click", () => {
    [files.source, files.target] = [files.target, files.source];
    show();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTrouble();
    if (sameFile(files.source, files.target)) return showTrouble({ what: form.dataset.same, remedy: "" });
    begin.disabled = exchange.disabled = true;
    try {
      const name = stem(files.target.name);
      const made = form.dataset.made ? { place: form.dataset.made } : await postJson("/api/projects", { name });
      form.dataset.made = made.place;
      for (const drop of drops) {
        const role = drop.dataset.role;
        await send(`/api/projects/${made.place}/upload/${role}`, files[role], drop, form.dataset);
      }
      location.assign(`/p/${made.place}`);
    } catch (trouble) {
      showTrouble(trouble);
      show();
    }
  });
}

function setUpSingle(form) {
  onFiles(form, async (list) => {
    clearTrouble();
    try {
      const answer = await send(form.dataset.upload, list[0], form, form.dataset);
      location.assign("job" in answer ? `/verify/${answer.job}` : location.pathname + location.search);
    } catch (trouble) {
      showTrouble(trouble);
      form.querySelector(".drop-words").textContent = "";
    }
  });
}

function onFiles(area, use) {
  const input = area.querySelector("input[type=file]");
  input.multiple = area.classList.contains("drop") && !area.dataset.upload;
  input.addEventListener("change", () => {
    if (input.files.length) use([...input.files]);
    input.value = "";
  });
  for (const name of ["dragenter", "dragover"]) area.addEventListener(name, () => area.classList.add("over"));
  for (const name of ["dragleave", "drop"]) area.addEventListener(name, () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) use([...event.dataTransfer.files]);
  });
}

function showChosen(drop, file) {
  const chosen = drop.querySelector(".drop-chosen");
  const video = chosen.querySelector("video");
  chosen.hidden = !file;
  if (video.src) URL.revokeObjectURL(video.src);
  video.removeAttribute("src");
  if (!file) return;
  video.src = URL.createObjectURL(file);
  chosen.querySelector(".drop-name").textContent = file.name;
  const size = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
  chosen.querySelector(".drop-size").textContent = `${size.format(file.size / 1e6)} MB`;
}

function send(path, file, area, words) {
  const holder = area.querySelector(".drop-progress");
  const bar = area.querySelector(".drop-progress progress");
  const text = area.querySelector(".drop-words");
  if (holder) holder.hidden = false;
  const body = new FormData();
  body.append("file", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("X-CSRF-Token", document.body.dataset.csrf);
    request.upload.addEventListener("progress", (event) => {
      const share = event.lengthComputable ? event.loaded / event.total : 0;
      if (bar) bar.value = share;
      const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });
      text.textContent = share < 1 ? `${words.sending} ${percent.format(share)}` : words.looking;
    });
    request.addEventListener("load", () => {
      const answer = parse(request.responseText);
      if (request.status < 300) return resolve(answer);
      if (holder) holder.hidden = true;
      reject({ ...(answer.shown ?? { what: words.broken, remedy: "" }), file: file.name });
    });
    request.addEventListener("error", () => reject({ what: words.broken, remedy: "" }));
    request.send(body);
  });
}

async function postJson(path, body) {
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": document.body.dataset.csrf };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const content = parse(await answer.text());
  if (!answer.ok) throw content.shown ?? { what: answer.statusText, remedy: "" };
  return content;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function showTrouble(trouble) {
  const card = document.createElement("section");
  card.className = "card trouble";
  const title = document.createElement("h2");
  title.textContent = trouble.what;
  if (trouble.file && !trouble.what.includes(trouble.file)) {
    const file = document.createElement("p");
    file.className = "pale";
    file.textContent = trouble.file;
    card.append(file);
  }
  card.append(title);
  if (trouble.remedy) {
    const remedy = document.createElement("p");
    remedy.textContent = trouble.remedy;
    card.append(remedy);
  }
  document.getElementById("trouble").replaceChildren(card);
  card.scrollIntoView({ block: "nearest" });
}

function clearTrouble() {
  document.getElementById("trouble").replaceChildren();
}

const stem = (name) => name.replace(/\.[^.]*$/, "").slice(0, 80) || "Project";
const sameFile = (a, b) => a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
