from __future__ import annotations

import gzip
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tagwright.corpus import Memory
from tagwright.corpus.result import Result, read_results
from tagwright.corpus.results import Results
from tagwright.errors import InputError, MissingExtraError, OutputError
from tagwright.types import Document, Suggestion

IDENTITY = {"model": "m1", "k": 10, "input": "abc"}
ROWS = [
    Result(f"d{i}", (Suggestion(f"t{i}", 'Bö "q"', 0.5), Suggestion("u", "", i / 1_000)), calibrated=i % 2 == 0)
    for i in range(10)
]
CORPUS = Memory([Document(row.id, "x") for row in ROWS])


def tag(batch: Sequence[Document]) -> list[Result]:
    return [ROWS[int(document.id[1:])] for document in batch]


def run(
    path: Path, *, stop_after: int | None = None, overwrite: bool = False, block: int = 3, **changed: object
) -> Results:
    """A whole run, or one that ends after so many blocks."""
    with Results.open(path, {**IDENTITY, **changed}, block=block, overwrite=overwrite) as results:
        if results.state == "finished":
            return results
        for count, batch in enumerate(results.remaining(CORPUS)):
            if count == stop_after:
                return results
            results.write(tag(batch))
        results.finish()
    return results


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_row_has_a_fixed_order_six_decimals_and_letters_as_they_are() -> None:
    row = Result("ä\u2028", (Suggestion("t", 'B\n"ö"', 0.1234), Suggestion("u", "", 1e-7)), calibrated=False)
    assert row.line().decode() == (
        '{"id": "ä\u2028", "suggestions": [{"tag": "t", "name": "B\\n\\"ö\\"", "confidence": 0.123400}, '
        '{"tag": "u", "name": "", "confidence": 0.000000}], "calibrated": false}\n'
    )
    assert Result("x", error="no answer").line() == (
        b'{"id": "x", "suggestions": [], "calibrated": true, "error": "no answer"}\n'
    )


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.parquet"])
def test_rows_are_written_and_read_back_with_a_manifest_beside_them(tmp_path: Path, name: str) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    path = tmp_path / name
    assert run(path).state == "finished"
    assert list(read_results(path)) == [
        Result(r.id, tuple(Suggestion(s.tag, s.name, s.confidence, r.calibrated) for s in r.suggestions), r.calibrated)
        for r in ROWS
    ]
    manifest = json.loads((tmp_path / f"{name}.manifest.json").read_text())
    assert manifest == {
        "format": 1,
        "identity": IDENTITY,
        "rows": 10,
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    assert names(tmp_path) == [name, f"{name}.manifest.json"]


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.parquet"])
@pytest.mark.parametrize("block", [1, 3, 4])
def test_the_bytes_are_the_same_for_every_block_and_stop(tmp_path: Path, name: str, block: int) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    whole = tmp_path / f"whole.{name}"
    run(whole)
    path = tmp_path / name
    run(path, stop_after=1, block=block)
    run(path, stop_after=1, block=block)
    assert not path.exists()
    run(path, block=2)
    assert path.read_bytes() == whole.read_bytes()


def test_an_unfinished_file_is_continued_at_a_whole_block(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    run(path, stop_after=2)
    with (tmp_path / "out.jsonl.partial").open("ab") as file:
        file.write(ROWS[6].line() + ROWS[7].line()[:20])
    with Results.open(path, IDENTITY, block=3) as results:
        assert (results.state, results.rows, results.ids) == ("continued", 6, [f"d{i}" for i in range(6)])
        assert [[d.id for d in batch] for batch in results.remaining(CORPUS)] == [["d6", "d7", "d8"], ["d9"]]
    assert run(path).rows == 10


def test_a_finished_file_of_the_same_identity_is_left(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    run(path)
    before = path.stat().st_mtime_ns
    results = run(path)
    assert (results.state, results.rows) == ("finished", 10)
    assert path.stat().st_mtime_ns == before
    assert names(tmp_path) == ["out.jsonl", "out.jsonl.manifest.json"]


def test_a_file_of_another_run_is_refused_with_what_differs_and_replaced_only_with_leave(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    run(path)
    with pytest.raises(OutputError, match=r'out\.jsonl: it holds the results of another run \(model: "m1", now "m2"\)'):
        run(path, model="m2")
    assert names(tmp_path) == ["out.jsonl", "out.jsonl.manifest.json"]
    run(path, model="m2", overwrite=True, stop_after=1)
    assert len(list(read_results(path))) == 10, "the old file stays until the new one is whole"
    run(path, model="m2")
    assert json.loads((tmp_path / "out.jsonl.manifest.json").read_text())["identity"]["model"] == "m2"
    assert names(tmp_path) == ["out.jsonl", "out.jsonl.manifest.json"]


def test_unfinished_rows_of_another_run_are_refused_with_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    run(path, stop_after=1)
    with pytest.raises(OutputError, match=r"out\.jsonl\.partial holds the unfinished .* \(k: 10, now 20\)"):
        run(path, k=20)
    assert run(path, k=20, overwrite=True).state == "finished"


def test_any_other_file_is_refused_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("a year of work")
    with pytest.raises(OutputError, match="there is another file"):
        run(path)
    assert path.read_text() == "a year of work"
    assert names(tmp_path) == ["out.jsonl"]
    run(path, overwrite=True)
    path.write_text("edited")
    with pytest.raises(OutputError, match="it was changed after it was written"):
        run(path)


def test_a_file_that_appears_while_rows_grow_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    run(path, stop_after=1)
    path.write_text("somebody else's")
    with pytest.raises(OutputError, match="there is another file"):
        run(path)


def test_a_file_that_appears_before_the_end_is_not_replaced_either(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with Results.open(path, IDENTITY) as results:
        results.write(ROWS)
        path.write_text("somebody else's")
        with pytest.raises(OutputError, match="there is another file by now"):
            results.finish()
    assert path.read_text() == "somebody else's"
    path.unlink()
    assert run(path).state == "finished"


def test_a_finished_file_is_made_anew_with_leave(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    run(path)
    results = Results.open(path, IDENTITY, overwrite=True)
    assert results.state == "new"
    results.close()


def test_rows_of_other_documents_than_the_input_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    run(path, stop_after=2)
    other = Memory([Document("d0", "x"), Document("new", "x"), *list(CORPUS)[1:]])
    with Results.open(path, IDENTITY, block=3) as results, pytest.raises(OutputError, match="rows 1 to 3 are of other"):
        list(results.remaining(other))
    with (
        Results.open(path, IDENTITY, block=3) as results,
        pytest.raises(OutputError, match=r"has 6 rows, but .* only 3"),
    ):
        list(results.remaining(Memory(list(CORPUS)[:3])))


def test_a_second_process_is_refused_while_the_first_one_writes(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with Results.open(path, IDENTITY), pytest.raises(OutputError, match="another process is writing here"):
        Results.open(path, IDENTITY)
    assert run(path).state == "finished"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("out.csv", r"out\.csv: the ending does not say .*\.jsonl, \.jsonl\.gz, \.parquet"),
        ("no/out.jsonl", "its folder does not exist"),
        ("folder.jsonl", "this is a folder"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_before_any_work(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(OutputError, match=message):
        Results.open(tmp_path / name, IDENTITY)
    assert names(tmp_path) == ["folder.jsonl"]


def test_without_pyarrow_parquet_is_refused_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtraError, match=r"tagwright\[parquet\]"):
        Results.open(tmp_path / "out.parquet", IDENTITY)
    assert names(tmp_path) == []


def test_a_corpus_without_documents_makes_a_file_without_rows(tmp_path: Path) -> None:
    for name in ("a.jsonl", "a.jsonl.gz"):
        with Results.open(tmp_path / name, IDENTITY) as results:
            results.finish()
        assert list(read_results(tmp_path / name)) == []


def test_the_peers_form_of_suggestions_is_read(tmp_path: Path) -> None:
    path = tmp_path / "peer.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"id": "1", "suggestions": [["t", 0.5], ["s", 0.25]]}\n'))
    [row] = read_results(path)
    assert [(s.tag, s.confidence) for s in row.suggestions] == [("t", 0.5), ("s", 0.25)]


@pytest.mark.parametrize(
    "line", [b"{", b"[]", b'{"id": "1"}', b'{"suggestions": []}', b'{"id": "1", "suggestions": [3]}']
)
def test_a_row_that_is_no_result_is_named_with_its_line(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(ROWS[0].line() + line + b"\n")
    with pytest.raises(InputError, match=r"a\.jsonl:2: "):
        list(read_results(path))


def test_files_of_results_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(ROWS[0].line())[:-6])
    (tmp_path / "b.parquet").write_bytes(b"PAR1")
    for name in ("a.jsonl.gz", "b.parquet", "absent.jsonl"):
        with pytest.raises((InputError, MissingExtraError), match=f"{name}|'pyarrow'"):
            list(read_results(tmp_path / name))
