"""The data doctor's report as one page that needs nothing else: no script, no other file, readable on a phone and on paper."""

from __future__ import annotations

import base64
from html import escape

from .finding import SEVERITIES, Finding, when_words
from .material import Clip
from .report import Report

_STYLE = """
:root{color-scheme:light dark;--ink:#1c1c21;--pale:#5c5c66;--line:#d9d9de;--back:#fafafa;--card:#fff;--good:#1a7f46;--usable:#9a5b00;--weak:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#f1f1f3;--pale:#a6a6b0;--line:#3a3a42;--back:#18181b;--card:#222227;--good:#5fce8f;--usable:#f0b04c;--weak:#ff8a80}}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:62rem;margin:0 auto;padding:1.2rem}h1{font-size:1.15rem;font-weight:600;margin:0 0 1rem;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:1.8rem 0 .6rem}
.outlook{border-left:6px solid;padding:.8rem 1rem;background:var(--card);border-radius:4px}
.outlook b{font-size:1.3rem;display:block}.outlook p{margin:.4rem 0 0}
.good{border-color:var(--good)}.usable{border-color:var(--usable)}.weak{border-color:var(--weak)}
.good b{color:var(--good)}.usable b{color:var(--usable)}.weak b{color:var(--weak)}
article{display:flex;gap:1rem;background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.8rem;margin:0 0 .8rem}
.words{flex:1;min-width:0}.words p{margin:0 0 .4rem;overflow-wrap:anywhere}.when{color:var(--pale);font-size:.9rem}
.pictures{display:flex;gap:.4rem;flex:none}figure{margin:0;width:128px}img{display:block;width:100%;height:auto;border-radius:4px}
figcaption{font-size:.8rem;color:var(--pale);text-align:center}table{border-collapse:collapse;width:100%;font-size:.95rem}
th,td{text-align:left;padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
footer{margin-top:1.6rem;color:var(--pale);font-size:.85rem}
@media(max-width:40rem){article{flex-direction:column-reverse}figure{width:min(42vw,160px)}main{padding:.8rem}}
@media print{article{break-inside:avoid}}
"""
_HEADINGS = {
    "serious": "Serious: everybody will see it",
    "noticeable": "Noticeable: attentive people will see it",
    "minor": "Minor, and good to know",
}


def page(report: Report) -> str:
    """The whole HTML document; pictures are inside it. Everything that comes from outside (names of files) is escaped."""
    title = f"{report.source.name} → {report.target.name}"
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>Check: {escape(title)}</title><style>{_STYLE}</style></head><body><main>",
        f"<h1>Will this material do? {escape(title)}</h1>",
        f'<div class="outlook {report.outlook}"><b>{escape(report.headline())}</b><p>{escape(report.reason)}</p></div>',
    ]
    for severity in SEVERITIES:
        some = [finding for finding in report.findings if finding.severity == severity]
        if some:
            parts += [f"<section><h2>{_HEADINGS[severity]}</h2>", *map(_finding, some), "</section>"]
    if not report.findings:
        parts.append("<p>Nothing is lacking.</p>")
    parts += [
        "<section><h2>The two videos</h2>",
        _table(report.source, report.target),
        "</section>",
        "<footer>The pictures are unaltered frames of the two videos. Nothing was made or changed; nothing left this computer."
        " The forecast rests on what can be measured; it does not know what will look convincing. Left and right are those of the picture.</footer>",
        "</main></body></html>\n",
    ]
    return "\n".join(parts)


def _finding(finding: Finding) -> str:
    when = f'<p class="when">{escape(when_words(finding))}</p>' if when_words(finding) else ""
    pictures = [
        f'<figure><img alt="{name}" src="data:image/jpeg;base64,{base64.b64encode(data).decode()}"><figcaption>{caption}</figcaption></figure>'
        for name, caption, data in (
            ("target", "target", finding.target_picture),
            ("source", "source, nearest" if finding.target_picture else "source", finding.source_picture),
        )
        if data
    ]
    shown = f'<div class="pictures">{"".join(pictures)}</div>' if pictures else ""
    return (
        f'<article id="{escape(finding.code)}-{finding.about}"><div class="words"><p><strong>{escape(finding.lacking)}</strong></p>{when}'
        f"<p>What to do: {escape(finding.todo)}</p></div>{shown}</article>"
    )


def _table(source: Clip, target: Clip) -> str:
    rows = [
        ("File", *(clip.name for clip in (source, target))),
        ("Length", *(f"{clip.seconds:.1f} s, {clip.n_frames} frames" for clip in (source, target))),
        ("Picture", *(f"{clip.size_wh[0]} × {clip.size_wh[1]}" for clip in (source, target))),
        ("Cuts", *(str(clip.n_shots - 1) for clip in (source, target))),
        ("People", *(", ".join(f"{who} {seconds:.1f} s" for who, seconds in clip.people_s.items()) for clip in (source, target))),
        ("Meant", *(clip.person for clip in (source, target))),
        ("Left out", *(", ".join(f"{count} {reason}" for reason, count in clip.left_out.items()) or "–" for clip in (source, target))),
    ]
    lines = "".join(f"<tr><th>{escape(name)}</th><td>{escape(a)}</td><td>{escape(b)}</td></tr>" for name, a, b in rows)
    return f"<table><thead><tr><th></th><th>Source</th><th>Target</th></tr></thead><tbody>{lines}</tbody></table>"
