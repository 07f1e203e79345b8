// What the pages do beyond plain HTML and htmx: watch the work, send videos, see the training grow, look at the result frame by frame. One small module each.
import { setUpFaces } from "./js/faces.js";
import { keepWhatIsTouched } from "./js/keep.js";
import { watch } from "./js/live.js";
import { setUpPeople } from "./js/people.js";
import { setUpUploads } from "./js/upload.js";
import { setUpGrowth } from "./js/growth.js";
import { setUpRoom } from "./js/result/room.js";

// on a small screen the lists of steps and screens are wider than the page
for (const one of document.querySelectorAll(".rail [aria-current]")) one.scrollIntoView({ inline: "center", block: "nearest" });
watch();
keepWhatIsTouched();
setUpUploads();
setUpPeople();
setUpFaces();
setUpGrowth();
setUpRoom();
