"""The studio: all of the work in a browser, on this machine alone. `serve.serve` opens it; it calls `api` and nothing below it.

The way of a request: `safety` (who may ask) -> `app` -> `routes/NAME.py` (one module a screen) -> `api`, or `desk.work` for what takes long
-> `pages.page` (templates, words) -> htmx puts the piece in its place. The way of long work: `run.jobs` (the queue, in the user's home) ->
`worker` (a process of its own) -> `work` (one function a kind of job) -> `api` -> events -> `progress` -> `live` (the stream) -> `static/js/live.js`.

How to add a screen, say `faces`:

1. Whatever it does is a function of `api` first. Work of more than a second is a kind of job: a function in `work.KINDS`, its steps in
   `progress.STEPS`; begin it with `desk_of(request).work("faces", place=here, args={…})`.
2. `routes/faces.py` with a `router`; list it in `routes/__init__.py`. Pages are `page(request, "faces.html", place=here, screen="faces", …)`;
   `here = place_of(request, place)`. Addresses name projects by `place` and things in them by number, never by path. Errors are raised as
   they are: `app` draws them. Answer a form with `go(request, path)` or with the changed piece. Anything that may be large is an upload:
   `uploads.take_video`, with `/upload/` in the path.
3. `screens.py`: a `Screen` at its place in the order (`dark=True` for a room of pictures), and `nav.faces` in every catalogue.
4. `templates/faces.html` extends `base.html` and includes `faces_piece.html`, which is also what `GET /p/PLACE/piece/faces` gives. Put the piece
   in `<div hx-get="/p/{{ place.place }}/piece/faces" hx-trigger="live:turned from:body">`: it is fetched anew when a job of this project begins
   or ends (`live:preview`: when there is a new picture). `parts.steps(progress)` and `parts.job_buttons(place, job)` show a job; give the page
   `**job_state(request, desk, job)` of `routes/project.py`. `parts.head`, `parts.empty`, `parts.error_card` are the other pieces.
5. Words: `t("faces.title")` in templates, `words("faces.title")` in Python, and the sentence in `strings/en.toml` and `strings/nl.toml`. A key that
   is put together (`t("state." ~ job.state)`) is listed in `tests/studio/test_studio_strings.py`. Scripts get theirs by `data-…` attributes.
   Numbers, times and sizes: `t.number`, `t.duration`, `t.about`, `t.bytes`, `t.date`.
6. Looks: only the values of `static/tokens.css`; rules for the screen in `static/faces.css`, linked in `{% block head %}`. No style attributes and
   no scripts in the page: the browser refuses them (see `safety.HEADERS`). Look at 1440, 1024 and 390 pixels.
7. Script, if any: a module `static/js/faces.js`, imported and called in `static/studio.js`, that does nothing where its element is absent.
8. Tests: the routes in `tests/studio` (a real server: fixture `studio`), the eyes in `tests/browser` (fixture `browser_page`): what is in the
   picture, not that an element is there; the keyboard; axe.
"""
