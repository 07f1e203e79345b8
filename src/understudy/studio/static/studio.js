// What the pages do beyond plain HTML and htmx: watch the work, send videos, play them beside each other. One small module each.
import { watch } from "./js/live.js";
import { setUpUploads } from "./js/upload.js";
import { setUpPlayers } from "./js/players.js";

watch();
setUpUploads();
setUpPlayers();
