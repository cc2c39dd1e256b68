"""Complete records of a journal survive, whatever happens to the rest of the file."""

from __future__ import annotations

import os
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest

from data.errors import DataError
from pipelines.measurement import journals
from pipelines.measurement.journals import RecordPosition, append_record, find_records, read_record

RECORDS = {f"{number:064x}": bytes([number]) * (9 * number) for number in range(1, 13)}


@pytest.fixture
def written(tmp_path):
    return {key: append_record(tmp_path, key, content) for key, content in RECORDS.items()}


def contents(folder: Path) -> dict[str, bytes | None]:
    """Content of every record that is found; None where it is refused."""
    found = {}
    for key, place in find_records(folder).items():
        try:
            found[key] = read_record(place)
        except DataError:
            found[key] = None
    return found


def test_appended_records_are_found_and_read(tmp_path, written):
    assert find_records(tmp_path) == written
    assert contents(tmp_path) == RECORDS
    assert len(list(tmp_path.iterdir())) == 1


def test_a_journal_that_is_cut_anywhere_keeps_the_records_before(tmp_path, written):
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    ends = [*sorted(place.start for place in written.values()), len(whole)][1:]
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        complete = sum(end <= size for end in ends)
        assert contents(tmp_path) == dict(list(RECORDS.items())[:complete])


def test_a_flipped_bit_is_an_error(tmp_path, written):
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    draw = np.random.default_rng(0)
    lost = 0
    for position in draw.integers(0, 8 * len(whole), 400):
        corrupted = bytearray(whole)
        corrupted[position // 8] ^= 1 << (position % 8)
        path.write_bytes(corrupted)
        found = {key: content for key, content in contents(tmp_path).items() if key in RECORDS}
        assert all(content in (None, RECORDS[key]) for key, content in found.items())
        right = sum(content is not None for content in found.values())
        # Records before the damaged one are not affected.
        before = sum(8 * place.start <= position for place in written.values()) - 1
        assert right >= before
        lost += right < len(RECORDS)
    assert lost == 400


@pytest.mark.parametrize("size", ["-99", "1e9", '"9"', "null", "1.5", "[]"])
def test_an_invalid_size_ends_the_journal(tmp_path, written, size):
    (path,) = tmp_path.iterdir()
    first, second = sorted(place.start for place in written.values())[:2]
    whole = path.read_bytes()
    right = b'"size": %d,' % len(RECORDS[next(iter(RECORDS))])
    assert whole[first:second].count(right) == 1
    path.write_bytes(whole.replace(right, b'"size": %s,' % size.encode(), 1))
    assert find_records(tmp_path) == {}


def test_each_thread_has_its_own_journal(tmp_path):
    begun = threading.Barrier(3)  # a thread that has ended leaves its number to the next

    def write(name: str) -> None:
        begun.wait()
        for number in range(200):
            append_record(tmp_path, f"{name}{number}", name.encode() * number)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = contents(tmp_path)
    assert found == {f"{name}{n}": name.encode() * n for name in "abc" for n in range(200)}
    files: dict[str, set[str]] = {}
    for key, place in find_records(tmp_path).items():
        files.setdefault(place.file, set()).add(key[0])
    assert all(len(names) == 1 for names in files.values())


@pytest.mark.parametrize(
    ("stopped", "expected"),
    [
        (OSError(28, "No space left on device"), (DataError, "cannot be written")),
        (KeyboardInterrupt(), (KeyboardInterrupt, None)),
        (MemoryError(), (MemoryError, None)),
    ],
)
def test_no_record_follows_an_incomplete_one(tmp_path, written, monkeypatch, stopped, expected):
    def half(path, *_arguments, **_options):
        handle = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.write(handle, b'{"key": "half')
        os.close(handle)
        raise stopped

    with monkeypatch.context() as patch:
        patch.setattr(journals.Path, "open", half)
        with pytest.raises(expected[0], match=expected[1]):
            append_record(tmp_path, "half", b"lost")
    later = append_record(tmp_path, "later", b"kept")
    assert find_records(tmp_path) == {**written, "later": later}
    assert read_record(later) == b"kept"


def test_the_last_record_of_a_key_is_found(tmp_path):
    first = append_record(tmp_path, "key", b"first")
    os.utime(first.file, ns=(0, 0))  # some systems' clocks have a resolution of 10 ms
    journals._journal_path.cache_clear()
    second = append_record(tmp_path, "key", b"second")
    assert first.file != second.file
    assert find_records(tmp_path) == {"key": second}


def test_positions_of_a_journal_share_one_string():
    sent = [pickle.dumps(RecordPosition("/a/journal", start)) for start in (0, 7)]
    one, other = (pickle.loads(one) for one in sent)  # noqa: S301
    assert (one, other) == (RecordPosition("/a/journal", 0), RecordPosition("/a/journal", 7))
    assert one.file is other.file


def test_a_missing_journal_is_an_error(tmp_path, written):
    next(tmp_path.iterdir()).unlink()
    with pytest.raises(DataError, match="is missing; workers on other machines must see"):
        read_record(next(iter(written.values())))
