"""The ledger: rows are added and never changed; whatever is done to them otherwise is found."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sqlite3

import pytest

from understudy.errors import DiskFull, LedgerBroken, OutputNotWritable
from understudy.files import part_of, sha256_file
from understudy.provenance import keys, ledger


@pytest.fixture
def book(isolated_home):
    """A ledger with five exports; gives the path of its file."""
    keys.make_keys()
    for number in range(5):
        ledger.append("export", {"file_sha256": f"{number:064x}", "consent_ids": [f"c{number % 2}"]})
    assert ledger.verify_chain() == 5
    return isolated_home / "ledger" / "ledger.sqlite"


def tamper(path, *statements):
    """Change the file as somebody would who knows SQL."""
    with sqlite3.connect(path) as db:
        for statement in ("DROP TRIGGER rows_stay", "DROP TRIGGER rows_remain", *statements):
            db.execute(statement)
    db.close()


def test_rows_are_found(book):
    assert [row.seq for row in ledger.rows()] == [1, 2, 3, 4, 5]
    found = ledger.find_file(f"{3:064x}")
    assert found is not None and found.seq == 4 and found.kind == "export"
    assert ledger.find_file("f" * 64) is None
    assert [row.seq for row in ledger.exports_with("c0")] == [1, 3, 5]


def test_no_ledger_is_an_empty_one(isolated_home):
    assert ledger.rows() == [] and ledger.verify_chain() == 0 and ledger.find_file("0" * 64) is None and ledger.recover() == []
    ledger.check_end()
    assert not (isolated_home / "ledger").exists()


def test_a_file_without_tables_is_an_empty_one(isolated_home):
    """A kill in the middle of the very first row leaves this."""
    keys.make_keys()
    path = isolated_home / "ledger" / "ledger.sqlite"
    path.parent.mkdir()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE begun (one INTEGER)")
        db.execute("DROP TABLE begun")
    db.close()
    assert path.stat().st_size and ledger.rows() == [] and ledger.verify_chain() == 0
    ledger.append("export", {"file_sha256": "0" * 64})
    assert ledger.verify_chain() == 1
    tamper(path, "DROP TABLE rows")
    with pytest.raises(LedgerBroken):
        ledger.verify_chain()


def test_the_file_itself_refuses_changes(book):
    with sqlite3.connect(book) as db:
        for statement in ("UPDATE rows SET hash='x' WHERE seq=2", "DELETE FROM rows WHERE seq=2"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                db.execute(statement)
    db.close()


TAMPERINGS = {
    "a row in the middle removed": ["DELETE FROM rows WHERE seq=3"],
    "the first row removed": ["DELETE FROM rows WHERE seq=1"],
    "the last row removed": ["DELETE FROM rows WHERE seq=5"],
    "removed, the rest moved up": ["DELETE FROM rows WHERE seq=3", "UPDATE rows SET seq=3 WHERE seq=4", "UPDATE rows SET seq=4 WHERE seq=5"],
    "text altered": ["""UPDATE rows SET row=replace(row, '"c1"', '"c9"') WHERE seq=4"""],
    "hash altered": ["UPDATE rows SET hash='0' WHERE seq=2"],
    "index column altered": ["UPDATE rows SET file_sha256='0' WHERE seq=2"],
    "two rows swapped": ["UPDATE rows SET seq=99 WHERE seq=2", "UPDATE rows SET seq=2 WHERE seq=3", "UPDATE rows SET seq=3 WHERE seq=99"],
    "two contents swapped": [
        "CREATE TABLE kept AS SELECT * FROM rows",
        "UPDATE rows SET row=(SELECT row FROM kept WHERE seq=3), hash=(SELECT hash FROM kept WHERE seq=3), "
        "file_sha256=(SELECT file_sha256 FROM kept WHERE seq=3) WHERE seq=2",
    ],
    "head moved back": ["DELETE FROM rows WHERE seq=5", "UPDATE head SET seq=4, hash=(SELECT hash FROM rows WHERE seq=4)"],
    "head removed": ["DELETE FROM head"],
    "everything removed": ["DELETE FROM rows"],
    "a row added": ["INSERT INTO rows VALUES (6, '{}', 'x', NULL)"],
    "table gone": ["DROP TABLE rows"],
}


@pytest.mark.parametrize("case", TAMPERINGS)
def test_tampering_is_found(book, case):
    tamper(book, *TAMPERINGS[case])
    with pytest.raises(LedgerBroken) as caught:
        ledger.verify_chain()
    assert caught.value.why and "evidence" in caught.value.remedy


def test_a_rechained_ledger_lacks_the_signature(book):
    """Somebody who knows the format, but has no key, rewrites a row and every hash after it."""
    rows, before = ledger.rows(), "0" * 64
    statements = []
    for row in rows:
        body = {**row.body, "consent_ids": ["c9"]} if row.seq == 3 else row.body
        text = ledger.canonical({"seq": row.seq, "before": before, "time": row.time, "kind": row.kind, "body": body}).decode()
        before = ledger.hashlib.sha256(text.encode()).hexdigest()
        statements.append(f"UPDATE rows SET row='{text}', hash='{before}' WHERE seq={row.seq}")
    tamper(book, *statements, f"UPDATE head SET hash='{before}'")
    with pytest.raises(LedgerBroken, match="does not hold"):
        ledger.verify_chain()


def test_no_row_is_added_to_a_broken_end(book):
    tamper(book, "DELETE FROM rows WHERE seq=5")
    for attempt in (lambda: ledger.append("export", {}), ledger.check_end):
        with pytest.raises(LedgerBroken):
            attempt()


def test_damage_to_the_file_is_told(book):
    book.write_bytes(b"SQLite format 3\0" + os.urandom(4096))
    with pytest.raises(LedgerBroken):
        ledger.verify_chain()


def test_another_machines_key_does_not_hold(book, isolated_home):
    (isolated_home / "keys").rename(isolated_home / "old")
    keys.make_keys()
    with pytest.raises(LedgerBroken) as caught:
        ledger.verify_chain()
    assert "key" in caught.value.why


def _append_many(count: int) -> None:
    for number in range(count):
        ledger.append("export", {"file_sha256": f"{os.getpid()}-{number}"})


def test_processes_append_at_once(isolated_home):
    keys.make_keys()
    workers = [multiprocessing.get_context("fork").Process(target=_append_many, args=(15,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert ledger.verify_chain() == 60


def _announce_and_die(out, when: str) -> None:
    data = out.with_name("data")
    part = part_of(out)
    part.write_bytes(data.read_bytes())
    with ledger.announced({"file_sha256": sha256_file(part), "consent_ids": []}, out):
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        part.replace(out)
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("when", ["before", "after", "after, and moved away"])
def test_an_export_that_a_kill_cut_off_is_entered(isolated_home, tmp_path, when):
    keys.make_keys()
    (tmp_path / "data").write_bytes(b"film")
    out = tmp_path / "out.mp4"
    worker = multiprocessing.get_context("fork").Process(target=_announce_and_die, args=(out, when.split(",")[0]))
    worker.start()
    worker.join(30)
    assert worker.exitcode == -signal.SIGKILL
    sha256 = sha256_file(tmp_path / "data")
    if when == "after":
        found = ledger.find_file(sha256)
        assert found is not None and found.hash == ""
    if when.endswith("away"):
        out.unlink()
    assert len(ledger.recover()) == (0 if when == "before" else 1)
    assert ledger.recover() == [] and ledger.verify_chain() == (0 if when == "before" else 1)


def test_an_error_withdraws_the_announcement(isolated_home, tmp_path):
    keys.make_keys()
    with pytest.raises(RuntimeError), ledger.announced({"file_sha256": "1"}, tmp_path / "out.mp4"):
        raise RuntimeError
    assert ledger.rows() == [] and not list((isolated_home / "ledger" / "pending").iterdir())


def test_an_announcement_in_work_is_left_alone(isolated_home, tmp_path):
    keys.make_keys()
    with ledger.announced({"file_sha256": "1"}, tmp_path / "out.mp4"):
        worker = multiprocessing.get_context("fork").Process(target=ledger.recover)
        worker.start()
        worker.join(30)
        assert worker.exitcode == 0
    assert ledger.verify_chain() == 1


def test_a_ledger_folder_that_is_a_file_is_told(isolated_home):
    keys.make_keys()
    (isolated_home / "ledger").write_text("x")
    with pytest.raises(OutputNotWritable):
        ledger.append("export", {})


def test_a_full_disk_is_told(book, monkeypatch):
    real = sqlite3.connect

    class Full(sqlite3.Connection):
        def execute(self, statement, *rest):
            if statement.startswith("INSERT INTO rows"):
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error
            return super().execute(statement, *rest)

    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: real(*a, **k, factory=Full))
    with pytest.raises(DiskFull):
        ledger.append("export", {})
    monkeypatch.undo()


def test_rows_are_readable_json(book):
    with sqlite3.connect(book) as db:
        text = db.execute("SELECT row FROM rows WHERE seq=1").fetchone()[0]
    db.close()
    assert json.loads(text)["seq"] == 1
