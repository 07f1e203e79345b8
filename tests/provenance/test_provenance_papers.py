"""Signed papers: what is exported can be checked by a stranger with one small script, and no letter of it can be changed unnoticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from publishing import signed
from strangers import stranger

from understudy import api
from understudy.cli import main
from understudy.errors import LedgerBroken, OutputExists, PaperBroken
from understudy.provenance import keys, ledger, papers
from understudy.provenance.consent import load_record, revoke

pytestmark = pytest.mark.usefixtures("isolated_home")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """An exported ledger of five rows."""
    keys.make_keys()
    for number in range(4):
        ledger.append("export", {"file_sha256": f"{number:064x}", "consent_ids": [f"c{number}"], "record_id": f"production-{number}", "out": "/é"})
    ledger.append("revocation", {"record_id": "consent-1"})
    assert api.ledger_export(tmp_path / "ledger.json") == 5
    return tmp_path / "ledger.json"


def test_an_exported_ledger_holds_elsewhere(book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = stranger(book)
    assert code == 0 and "The chain holds: 5 rows." in said and keys.public_key() in said
    assert stranger(book, "--key", keys.public_key())[0] == 0
    assert stranger(book, "--key", "0" * 64)[0] == 1
    here = api.ledger_check(book)
    assert (here.rows, here.ours) == (5, True) and api.ledger_check().rows == 5
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "another"))
    assert api.ledger_check(book).ours is False
    keys.make_keys()
    assert api.ledger_check(book).ours is False and api.ledger_check().rows == 0


def altered(change):
    def apply(whole: dict) -> dict:
        change(whole["ledger"])
        return whole

    return apply


TAMPERINGS = {
    "a word": altered(lambda it: it["rows"][1].update(row=it["rows"][1]["row"].replace("c1", "c9"))),
    "a row taken out": altered(lambda it: it["rows"].pop(2)),
    "the last row taken out": altered(lambda it: it["rows"].pop()),
    "two rows swapped": altered(lambda it: it["rows"].insert(1, it["rows"].pop(2))),
    "the head": altered(lambda it: it["head"].update(seq=4)),
    "no head": altered(lambda it: it.update(head=None)),
    "the time": altered(lambda it: it.update(exported_on="2020-01-01T00:00:00+00:00")),
    "a note beside it": lambda whole: {**whole, "note": "fine"},
    "another kind": lambda whole: {**whole, "format": "understudy.report/2"},
    "no signature": lambda whole: {k: v for k, v in whole.items() if k != "signature"},
    "a list": lambda whole: [whole],
}


@pytest.mark.parametrize("case", TAMPERINGS)
def test_whatever_is_changed_is_found(book: Path, case: str) -> None:
    book.write_text(json.dumps(TAMPERINGS[case](json.loads(book.read_text()))))
    code, said = stranger(book)
    assert code == 1 and said.startswith("DOES NOT HOLD")
    with pytest.raises(PaperBroken):
        api.ledger_check(book)


@pytest.mark.parametrize("resign", [False, True])
def test_a_signed_export_of_a_broken_chain_does_not_hold(book: Path, resign: bool) -> None:
    """Even whoever has the key cannot hand out rows that do not fit: the chain is checked by itself."""
    whole = json.loads(book.read_text())
    whole["ledger"]["rows"].pop(1)
    if resign:
        whole = papers.seal("understudy.ledger/1", whole["ledger"])
    book.write_text(json.dumps(whole))
    code, said = stranger(book)
    assert code == 1 and ("row" in said) == resign
    with pytest.raises(PaperBroken):
        api.ledger_check(book)


def test_a_broken_ledger_is_not_handed_out(book: Path, isolated_home: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputExists):
        api.ledger_export(book)
    file = isolated_home / "ledger" / "ledger.sqlite"
    file.write_bytes(b"SQLite format 3\0" + bytes(4096))
    with pytest.raises(LedgerBroken):
        api.ledger_export(tmp_path / "other.json")
    assert not (tmp_path / "other.json").exists()


def test_what_is_no_paper_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.json").write_text("{}")
    for name in ("text.json", "absent.json"):
        with pytest.raises(PaperBroken) as caught:
            papers.check(tmp_path / name)
        assert caught.value.remedy
        assert stranger(tmp_path / name)[0] == 1


def test_the_script_checks_consent_records_too(tmp_path: Path) -> None:
    record = signed(tmp_path)
    assert stranger(record)[0] == 0 and papers.check(record).ours
    record.write_text(record.read_text().replace("Harbour", "Harbor"))
    assert stranger(record)[0] == 1
    with pytest.raises(PaperBroken):
        papers.check(record)


def test_the_commands(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "list"]) == 0
    said = capsys.readouterr().out
    assert "published production-3: /é" in said and "consent consent-1 taken back" in said
    assert main(["ledger", "list", "--kind", "revocation", "--json"]) == 0
    assert [row["kind"] for row in json.loads(capsys.readouterr().out)] == ["revocation"]
    assert main(["ledger", "check"]) == main(["ledger", "check", str(book)]) == 0
    assert "5 rows" in capsys.readouterr().out
    assert main(["ledger", "export", "-o", str(book)]) == 1
    assert main(["ledger", "export", "-o", str(book), "--force"]) == 0
    book.write_text(book.read_text().replace("production-3", "production-4"))
    assert main(["ledger", "check", str(book)]) == 1
    assert "changed after it was signed" in capsys.readouterr().err


def test_revoking_is_a_row(tmp_path: Path) -> None:
    record = load_record(signed(tmp_path))
    revoke(record.record_id, reason="She asked for it.")
    (row,) = api.ledger_list("revocation")
    assert row.body["record_id"] == record.record_id and api.ledger_list("export") == []
