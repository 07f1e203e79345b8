"""The stability report as one page that needs nothing else: no script, no other file; in English and Dutch."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import Literal

from .stability import ShotStability, WorstFrame, result_alone

Language = Literal["en", "nl"]
LIMITS = {"flicker": 1.1, "seam": 1.3, "colour": 3.0, "mouth": 0.95, "eyes": 0.9}
"""Up to here (mouth and eyes: from here on) a number is fine; up to twice as far from the ideal it is worth a look."""
_IDEAL = {"flicker": 1.0, "seam": 1.0, "colour": 0.0, "mouth": 1.0, "eyes": 1.0}
_STYLE = """
:root{color-scheme:light dark;--ink:#1c1c21;--pale:#5c5c66;--line:#d9d9de;--back:#fafafa;--card:#fff;--good:#1a7f46;--look:#8a5000;--bad:#b3261e}

@media(prefers-color-scheme:dark){:root{--ink:#f1f1f3;--pale:#a6a6b0;--line:#3a3a42;--back:#18181b;--card:#222227;--good:#5fce8f;--look:#f0b04c;--bad:#ff8a80}
}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:66rem;margin:0 auto;padding:1.2rem}h1{font-size:1.25rem;margin:0 0 .2rem;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:2rem 0 .6rem}
.lead{color:var(--pale);margin:0 0 1rem}table+*,.scroll+p{margin-top:.8rem}
.verdict{border-left:6px solid var(--good);background:var(--card);padding:.7rem 1rem;border-radius:4px;font-weight:600}
.verdict.look{border-color:var(--look)}.verdict.bad{border-color:var(--bad)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.95rem;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.35rem .7rem .35rem 0;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left}
td.good{color:var(--good)}td.look{color:var(--look)}td.bad{color:var(--bad);font-weight:600}td.look::after{content:" \\25CB"}
td.bad::after{content:" \\25CF"}
.worst{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.8rem}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.5rem}
img{display:block;width:100%;height:auto;border-radius:4px}figcaption{font-size:.88rem;margin-top:.4rem;color:var(--pale)}
figcaption b{color:var(--ink)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1rem;margin:0}dt{font-weight:600}dd{margin:0;color:var(--pale)}
footer{margin-top:2rem;color:var(--pale);font-size:.85rem}
@media(max-width:40rem){main{padding:.8rem}dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}}
@page{margin:14mm}
@media print{:root{color-scheme:light;--ink:#1c1c21;--pale:#5c5c66;--line:#d9d9de;--back:#fff;--card:#fff}main{padding:0}
figure,tr,dt{break-inside:avoid}h2{break-after:avoid}
dl{grid-template-columns:max-content 1fr}.worst{grid-template-columns:repeat(3,1fr)}
table{font-size:.78rem}th,td{white-space:normal;padding-right:.4rem}}
"""
_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "How steady is the face?",
        "lead": "{target}: {frames} altered frames; shots: {shots}. Measured on the merged picture, before label and mark, "
        "against the target itself.",
        "good": "Every number is within its aim.",
        "look": "{count} numbers are worth a look.",
        "bad": "{count} numbers are far from their aim: look at the frames below before you publish.",
        "untouched": "Shot {shot}, {person}: not one frame was changed. The face is too dark, too blurred or too much covered there to be told.",
        "turned_away": "Shot {shot}, {person}: the source never turns that far. The new face fades out or is left off in {frames} frames.",
        "shot": "Shot",
        "person": "Person",
        "frames": "Frames",
        "flicker": "Flicker",
        "seam": "Seam",
        "colour": "Colour",
        "mouth": "Mouth",
        "eyes": "Eyes",
        "apart": "Meshes apart",
        "aim": "Aim",
        "own": "(target {value})",
        "worst": "The worst frames",
        "worst flicker": "most flicker: {value:.1f} grey levels more than the target",
        "worst seam": "steepest border: {value:.2f} times its surroundings",
        "worst colour": "colour furthest off: {value:.1f}",
        "worst apart": "mesh furthest from the target's: {value:.1f} % of the face's height",
        "where": "Shot {shot}, {person}, frame {frame} ({seconds:.2f} s). Left the target, right the result.",
        "alt": "The target's face, and the result's, which carries the words AI MODIFIED",
        "where alone": "Shot {shot}, {person}, frame {frame} ({seconds:.2f} s). The result; the unaltered face is not shown, because "
        "the person in it has not agreed to that.",
        "alt alone": "The result's face, which carries the words AI MODIFIED",
        "meaning": "What the numbers mean",
        "means flicker": "How restless the face is from frame to frame when its movement is taken out, beside the target's own face: 1 "
        "is just as calm.",
        "means seam": "How steep the picture is across the mask's border, beside what it is on both sides of it: 1 is no seam. "
        "In brackets the target's own at the same places: hair and jaw lines are steep without any seam.",
        "means colour": "By how much the step in colour from face to neck differs from the target's (CIE 1976): below about 2 it is not seen.",
        "means mouth": "Correlation of the opening of mouth and eyes with the target's over the shot: 1 moves just alike.",
        "means apart": "How far the measured face lies from the target's, in percent of its height. The source has a shape of their "
        "own, so it is not 0.",
        "none": "–",
        "footer": "Made by Understudy on this machine. The pictures of the result are altered and say so; they are not for publishing.",
    },
    "nl": {
        "title": "Hoe rustig is het gezicht?",
        "lead": "{target}: {frames} gewijzigde beelden; shots: {shots}. Gemeten op het samengevoegde beeld, vóór label en merk, tegen het doel zelf.",
        "good": "Elk getal haalt zijn doel.",
        "look": "{count} getallen zijn een blik waard.",
        "bad": "{count} getallen liggen ver van hun doel: bekijk de beelden hieronder voordat u publiceert.",
        "untouched": "Shot {shot}, {person}: geen enkel beeld is gewijzigd. Het gezicht is daar te donker, te onscherp of te veel bedekt.",
        "turned_away": "Shot {shot}, {person}: zo ver draait de bron nooit. In {frames} beelden vervaagt het nieuwe gezicht of blijft het weg.",
        "shot": "Shot",
        "person": "Persoon",
        "frames": "Beelden",
        "flicker": "Flikkering",
        "seam": "Naad",
        "colour": "Kleur",
        "mouth": "Mond",
        "eyes": "Ogen",
        "apart": "Afstand",
        "aim": "Doel",
        "own": "(doelvideo {value})",
        "worst": "De slechtste beelden",
        "worst flicker": "meeste flikkering: {value:.1f} grijswaarden meer dan de doelvideo",
        "worst seam": "steilste rand: {value:.2f} keer zijn omgeving",
        "worst colour": "kleur het verst ernaast: {value:.1f}",
        "worst apart": "gezicht het verst van dat van het doel: {value:.1f} % van de hoogte",
        "where": "Shot {shot}, {person}, beeld {frame} ({seconds:.2f} s). Links het doel, rechts het resultaat.",
        "alt": "Het gezicht van het doel, en dat van het resultaat, met de woorden AI MODIFIED",
        "where alone": "Shot {shot}, {person}, beeld {frame} ({seconds:.2f} s). Het resultaat; het onveranderde gezicht wordt niet getoond, want "
        "de persoon erin heeft daar niet mee ingestemd.",
        "alt alone": "Het gezicht in het resultaat, met de woorden AI MODIFIED",
        "meaning": "Wat de getallen betekenen",
        "means flicker": "Hoe onrustig het gezicht is van beeld tot beeld als de beweging eruit is, vergeleken met het eigen gezicht "
        "van het doel: 1 is even rustig.",
        "means seam": "Hoe steil het beeld is dwars over de rand van het masker, vergeleken met weerszijden ervan: 1 is geen naad. "
        "Tussen haakjes het doel zelf op dezelfde plaatsen: haar en kaaklijn zijn ook zonder naad steil.",
        "means colour": "Hoeveel de kleurstap van gezicht naar hals verschilt van die van het doel (CIE 1976): onder ongeveer 2 ziet men het niet.",
        "means mouth": "Samenhang van het openen van mond en ogen met dat van het doel: 1 beweegt precies gelijk.",
        "means apart": "Hoe ver het gemeten gezicht van dat van het doel ligt, in procenten van de hoogte. De bron heeft een eigen "
        "vorm, dus het is niet 0.",
        "none": "–",
        "footer": "Gemaakt door Understudy op deze machine. De beelden van het resultaat zijn gewijzigd en zeggen dat; ze zijn "
        "niet om te publiceren.",
    },
}
_COLUMNS = ("flicker", "seam", "colour", "mouth", "eyes")


def page(target: str, found: Sequence[ShotStability], *, language: Language = "en", originals: bool = False) -> str:
    """The whole HTML document; pictures are inside it. `target` is the name of the target's file. `originals`: whether the target's unaltered face
    stands beside the result's: a page is easily handed on, and whoever performs may not have agreed to that."""
    words = _WORDS[language]
    if not originals:
        words = {**words, "where": words["where alone"], "alt": words["alt alone"]}
        found = [replace(one, worst=tuple(replace(worst, picture=result_alone(worst.picture)) for worst in one.worst)) for one in found]
    shots, frames = len({one.shot for one in found}), sum(one.frames for one in found)
    parts = [
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>{words['title']} {escape(target)}</title><style>{_STYLE}</style></head><body><main>",
        f"<h1>{words['title']}</h1>",
        f'<p class="lead">{escape(words["lead"].format(target=target, frames=frames, shots=shots))}</p>',
        _verdict(found, words),
        _table(found, words),
        *dict.fromkeys(
            f'<p class="lead">{escape(words["untouched"].format(shot=one.shot, person=one.person))}</p>'
            for one in found
            if not one.frames and not one.turned_away
        ),
        *(
            f'<p class="lead">{escape(words["turned_away"].format(shot=one.shot, person=one.person, frames=one.turned_away))}</p>'
            for one in found
            if one.turned_away
        ),
        f"<section><h2>{words['worst']}</h2>",
        '<div class="worst">',
        *(_figure(one, worst, words) for one in found for worst in one.worst),
        "</div></section>",
        f"<section><h2>{words['meaning']}</h2><dl>",
        *(f"<dt>{_heading(name, words)}</dt><dd>{words[f'means {name}']}</dd>" for name in ("flicker", "seam", "colour", "mouth", "apart")),
        "</dl></section>",
        f"<footer>{words['footer']}</footer></main></body></html>\n",
    ]
    return "\n".join(parts)


def grade(name: str, value: float | None) -> Literal["good", "look", "bad", ""]:
    """How a number stands to its aim; "" where there is none."""
    if value is None or name not in LIMITS:
        return ""
    away, room = abs(value - _IDEAL[name]), abs(LIMITS[name] - _IDEAL[name])
    if name in ("flicker", "seam") and value < 1:
        return "good"
    return "good" if away <= room + 1e-9 else "look" if away <= 2 * room else "bad"


def _verdict(found: Sequence[ShotStability], words: dict[str, str]) -> str:
    grades = [grade(name, getattr(one, name)) for one in found for name in _COLUMNS]
    for kind in ("bad", "look"):
        if kind in grades:
            return f'<p class="verdict {kind}">{words[kind].format(count=grades.count(kind))}</p>'
    return f'<p class="verdict">{words["good"]}</p>'


def _heading(name: str, words: dict[str, str]) -> str:
    return f"{words['mouth']}, {words['eyes'].lower()}" if name == "mouth" else words[name]


def _table(found: Sequence[ShotStability], words: dict[str, str]) -> str:
    head = "".join(f"<th>{words[name]}</th>" for name in ("shot", "person", "frames", *_COLUMNS, "apart"))
    aims = "".join(f"<td>{'≤' if _IDEAL[name] < LIMITS[name] else '≥'} {LIMITS[name]:g}</td>" for name in _COLUMNS)
    rows = [f"<tr><td>{words['aim']}</td><td></td><td></td>{aims}<td></td></tr>"]
    for one in found:
        cells = [f"<td>{one.shot}</td><td>{escape(one.person)}</td><td>{one.frames}</td>"]
        for name in _COLUMNS:
            value = getattr(one, name)
            beside = ""
            if name == "seam" and one.seam_of_target is not None:
                beside = " " + words["own"].format(value=f"{one.seam_of_target:.2f}")
            cells.append(f'<td class="{grade(name, value)}">{words["none"] if value is None else f"{value:.2f}{beside}"}</td>')
        cells.append(f"<td>{words['none'] if one.apart is None else f'{one.apart:.1f} %'}</td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def _figure(one: ShotStability, worst: WorstFrame, words: dict[str, str]) -> str:
    what = words[f"worst {worst.kind}"].format(value=worst.value)
    where = words["where"].format(shot=one.shot, person=one.person, frame=worst.frame, seconds=worst.seconds)
    data = base64.b64encode(worst.picture).decode()
    caption = f"<figcaption><b>{escape(what)}</b><br>{escape(where)}</figcaption>"
    return f'<figure><img alt="{words["alt"]}" src="data:image/jpeg;base64,{data}">{caption}</figure>'
