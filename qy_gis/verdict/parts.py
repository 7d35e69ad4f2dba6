"""The parts of a batch: a file for each block and table, each whole or not there, on this machine or on other storage.

On this machine the folder bears the suffix ``.part`` until all is in it. Other storage cannot rename a folder: there
``summary.json``, which is written last, says that all is there.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import FileSelector, FileSystem, FileType

from qy_gis.errors import OutputError, cannot_write
from qy_gis.parcels.places import find_place, is_address
from qy_gis.verdict.block import TABLES

#: Where a part of ``verdicts`` keeps the summary of its block, among the metadata of its schema.
SUMMARY_KEY = b"qy_gis"

_JOB, _SUMMARY = "job.json", "summary.json"


@dataclass(frozen=True)
class Parts:
    """The parts of a batch, as every process that works on it sees them; made by `prepare_parts`.

    Attributes
    ----------
    folder
        Where they lie now: a path or an address.
    target
        What the outcome is to be.
    """

    folder: str
    target: str

    @property
    def _place(self) -> tuple[FileSystem, str]:
        return find_place(self.folder)

    def done(self) -> set[int]:
        """Return the numbers of the blocks whose parts are all there."""
        return {int(Path(path).stem.removeprefix("part-")) for path in self.list("verdicts")}

    def has(self, number: int) -> bool:
        """Say whether the parts of a block are all there."""
        system, folder = self._place
        return bool(system.get_file_info(f"{folder}/{_part_name('verdicts', number)}").type == FileType.File)

    def list(self, table: str) -> list[str]:
        """Return the parts of a table, as paths on the storage they lie on, in the order of the blocks."""
        system, folder = self._place
        found = system.get_file_info(FileSelector(f"{folder}/{table}", allow_not_found=True))
        return sorted(info.path for info in found if info.path.endswith(".parquet"))

    def read(self, path: str) -> pa.Table:
        """Read a part."""
        return pq.read_table(path, filesystem=self._place[0], partitioning=None)

    def write(self, number: int, tables: dict[str, pa.Table]) -> None:
        """Write the tables of a block; ``verdicts`` last, which says that the block is done.

        Raises
        ------
        OutputError
            They cannot be written, for example as the disk is full.
        """
        for name in TABLES:
            table, content = tables[name], pa.BufferOutputStream()
            texts = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
            pq.write_table(table, content, compression="zstd", use_dictionary=texts, write_statistics=False)
            self._put(_part_name(name, number), content.getvalue())

    def write_summary(self, summary: dict[str, Any]) -> None:
        """Write the summary of the whole batch, which on other storage says that all is there."""
        self._put(_SUMMARY, (json.dumps(summary, ensure_ascii=False, indent=1) + "\n").encode())

    def sweep(self) -> None:
        """Remove what a killed process was writing."""
        if not is_address(self.folder):
            for left in Path(self.folder).glob("*/*.unfinished"):
                left.unlink()

    def place(self) -> None:
        """Give the folder its name: all is in it."""
        self.sweep()
        if self.folder != self.target:
            Path(self.folder).replace(self.target)

    def remove(self) -> None:
        """Remove the parts of a batch on this machine."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _put(self, name: str, content: bytes | pa.Buffer) -> None:
        system, folder = self._place
        path = f"{folder}/{name}"
        # A file on other storage is there when it is closed; here it takes its name when it is whole. Two processes
        # may write the same part, when one was given up as lost: each has a file of its own.
        unfinished = path if is_address(self.folder) else f"{path}.{platform.node()}-{os.getpid()}.unfinished"
        try:
            with system.open_output_stream(unfinished) as file:
                file.write(content)
            if unfinished != path:
                Path(unfinished).replace(path)
        except OSError as error:
            raise cannot_write(path, error) from error


def prepare_parts(target: str | os.PathLike[str], fingerprint: dict[str, Any], *, resume: bool) -> Parts:
    """Make the folder for the parts of a batch, or find what is there of it.

    Parameters
    ----------
    target
        What the outcome is to be: a folder, an address, or a GeoPackage.
    fingerprint
        All that decides the bytes of the parts.
    resume
        Keep the parts that are there. Otherwise what a run left that did not finish is removed.

    Raises
    ------
    OutputError
        The target exists, the parts that are there are of something else, or the folder cannot be made.
    """
    text = json.dumps(fingerprint, ensure_ascii=False, indent=1, sort_keys=True)
    parts = Parts(str(target) if is_address(target) else f"{target}.part", str(target))
    system, folder = find_place(parts.folder)
    note = f"{folder}/{_JOB}"
    try:
        there = system.get_file_info(note).type == FileType.File
        if _is_taken(target, begun=there):
            name = Path(target).name
            raise OutputError(
                f"{name}: exists already; remove it, or give another -o", zh=f"{name}：已存在；请先删除，或换一个 -o"
            )
        if there and resume:
            with system.open_input_stream(note) as file:
                if file.read().decode() != text:
                    name = Path(folder).name
                    raise OutputError(
                        f"{name}: is of another file, plan or option; remove it, or leave --resume out to start anew",
                        zh=f"{name}：是另一文件、规划或选项的半成品；请删除，或去掉 --resume 重新开始",
                    )
        if not resume and system.get_file_info(folder).type != FileType.NotFound:
            system.delete_dir(folder)
        if not is_address(target):
            for name in TABLES:
                Path(folder, name).mkdir(parents=True, exist_ok=True)
        parts.sweep()
        with system.open_output_stream(note) as file:
            file.write(text.encode())
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise cannot_write(parts.folder, error) from error
    return parts


def _part_name(table: str, number: int) -> str:
    return f"{table}/part-{number:06d}.parquet"


def _is_taken(target: str | os.PathLike[str], *, begun: bool) -> bool:
    """Say whether something is at the target that is not an unfinished batch."""
    if not is_address(target):
        return Path(target).exists()
    system, folder = find_place(target)
    finished = system.get_file_info(f"{folder}/{_SUMMARY}").type == FileType.File
    return finished or (not begun and bool(system.get_file_info(FileSelector(folder, allow_not_found=True))))
