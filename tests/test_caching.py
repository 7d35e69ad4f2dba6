"""Hashes of large files are kept; a file that may have changed is hashed again, whatever its time says."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path

import pytest

from qy_gis import caching
from qy_gis.caching import digest_files, hashes_file


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that counts as large and at rest, in a cache of its own."""
    monkeypatch.setenv("QY_GIS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(caching, "_LARGE", 3)
    monkeypatch.setattr(caching, "_AT_REST_NS", -(10**12))
    file = tmp_path / "a.gpkg"
    file.write_bytes(b"abc")
    return file


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def forge_kept() -> None:
    """Put something else in place of the hashes that are kept, to see whether they are used."""
    kept = json.loads(hashes_file().read_text())
    hashes_file().write_text(json.dumps({file: known | {"sha256": "kept"} for file, known in kept.items()}))


def test_a_large_file_is_hashed_once(large: Path):
    assert digest_files([large]) == {large: sha256(b"abc")}
    forge_kept()
    assert digest_files([large]) == {large: "kept"}


def test_a_changed_file_of_the_same_size_and_time_is_hashed_again(large: Path):
    before = large.stat()
    digest_files([large])
    time.sleep(0.05)
    large.write_bytes(b"xyz")
    os.utime(large, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (large.stat().st_size, large.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert digest_files([large]) == {large: sha256(b"xyz")}


def test_another_file_in_its_place_is_hashed_again(large: Path):
    digest_files([large])
    other = large.with_name("b.gpkg")
    other.write_bytes(b"xyz")
    other.replace(large)
    assert digest_files([large]) == {large: sha256(b"xyz")}


def test_a_file_that_has_just_changed_is_not_kept(large: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(caching, "_AT_REST_NS", 2_000_000_000)
    digest_files([large])
    assert not hashes_file().exists()
    hours = 3600 * 10**9
    # Nor is one from the future, whose clock cannot be trusted.
    os.utime(large, ns=(0, time.time_ns() + hours))
    digest_files([large])
    assert not hashes_file().exists()


def test_small_files_are_not_kept(large: Path):
    small = large.with_name("plan.toml")
    small.write_bytes(b"a")
    assert digest_files([large, small])[small] == sha256(b"a")
    assert list(json.loads(hashes_file().read_text())) == [str(large)]


def test_a_file_that_is_gone_is_forgotten(large: Path):
    digest_files([large])
    other = large.with_name("b.gpkg")
    large.rename(other)
    digest_files([other])
    assert list(json.loads(hashes_file().read_text())) == [str(other)]


@pytest.mark.parametrize("rubbish", ["", "[]", "{", '{"a": 1}', '{"a": {"file": {}}}', "\x00"])
def test_rubbish_is_replaced(large: Path, rubbish: str):
    hashes_file().parent.mkdir()
    hashes_file().write_text(rubbish)
    assert digest_files([large]) == {large: sha256(b"abc")}
    forge_kept()
    assert digest_files([large]) == {large: "kept"}


def test_without_a_folder_to_write_to_files_are_hashed_each_time(large: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("QY_GIS_CACHE", str(large / "cache"))
    for _ in range(2):
        assert digest_files([large]) == {large: sha256(b"abc")}


def test_a_missing_file_is_an_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        digest_files([tmp_path / "none.gpkg"])
