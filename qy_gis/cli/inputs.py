"""Which files a command is for: files, folders and patterns as they were typed, to one list of sources of parcels."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

#: Files that are parts of another of the same name: ending of the part to endings of what it may be a part of.
_SHAPEFILE = ("dbf", "shx", "prj", "cpg", "sbn", "sbx", "qix", "qpj", "fbn", "fbx", "ain", "aih", "atx", "ixs", "mxs")
_PART_OF: dict[str, tuple[str, ...]] = {
    **{f".{ending}": (".shp",) for ending in _SHAPEFILE},
    **dict.fromkeys((".dat", ".map", ".id", ".ind"), (".tab",)),
    ".mid": (".mif",),
}

#: Behind the whole name of a file: its metadata, and what a GeoPackage has beside it while it is open.
_BEHIND = (".xml", ".aux.xml", "-wal", "-shm", "-journal")

#: Files that programs keep while a file is open: Excel and WPS, LibreOffice, ArcGIS.
_LOCKS = ("~$", ".~lock.")


@dataclass(frozen=True)
class Input:
    """A source of parcels: what to read, and what to call it in results (unlike that of any other input)."""

    source: str
    label: str


@dataclass(frozen=True)
class Inputs:
    """What a command is for.

    Attributes
    ----------
    found
        The sources, in the order in which they were named; those of a folder by name.
    passed_over
        Files of folders that are of no known format, as they would be typed.
    empty
        Folders and patterns in which there is nothing to read.
    one
        Whether a single file was named, and not a folder or a pattern.
    """

    found: list[Input]
    passed_over: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    one: bool = False


def find_inputs(named: Iterable[str], *, accepted: Iterable[str], outputs: Iterable[str] = ()) -> Inputs:
    """Expand files, folders and patterns.

    Parameters
    ----------
    named
        Paths as typed. A folder stands for every file of a known format in it and in the folders below, a file
        geodatabase (``.gdb``) for itself, a pattern (``*.txt``, ``**/*.shp``) for what fits it; anything else is taken
        as it is: a file, ``-``, the address of a database, or text.
    accepted
        Endings of the known formats, in lower case, with their dot.
    outputs
        Files and folders that the command writes: nothing in them is read, so that a second run sees the same files.

    Returns
    -------
    Inputs
        Each file once, however often it is named. Sidecars, hidden files and lock files are no files of their own.
    """
    endings, named = frozenset(accepted), list(named)
    written = [Path(output).resolve() for output in outputs]
    found: dict[object, str] = {}
    passed_over: list[str] = []
    empty: list[str] = []
    for name in named:
        before = len(found)
        if _is_folder(name):
            for path in _walk(Path(name), written):
                if _is_known(path, endings):
                    found.setdefault(_identity(path), str(path))
                elif not _is_part(path):
                    passed_over.append(str(path))
            if len(found) == before and not any(_is_within(Path(kept), Path(name)) for kept in found.values()):
                empty.append(name)
        elif _is_pattern(name):
            # Unlike those of Path, its patterns may be absolute.
            fitting = sorted(glob.glob(name, recursive=True))  # noqa: PTH207
            fitting = [path for path in fitting if Path(path).resolve() not in written]
            inner = find_inputs(fitting, accepted=endings, outputs=outputs) if fitting else Inputs([])
            for fits in inner.found:
                found.setdefault(_identity(Path(fits.source)), fits.source)
            passed_over += inner.passed_over
            if not inner.found:
                empty.append(name)
        elif len(named) == 1 or not (_is_lock(name) or _is_part(Path(name))):
            found.setdefault(_identity(Path(name)) if len(name) < _LONGEST else name, name)
    one = len(named) == 1 and not empty and not _is_folder(named[0]) and not _is_pattern(named[0])
    return Inputs(_label(list(found.values())), list(dict.fromkeys(passed_over)), empty, one)


#: No path is longer; text is.
_LONGEST = 1000


def _is_folder(name: str) -> bool:
    try:
        return Path(name).is_dir() and not name.lower().rstrip("/\\").endswith(".gdb")
    except ValueError:
        return False


def _is_pattern(name: str) -> bool:
    # A file may have brackets in its name, and text is no pattern.
    return len(name) < _LONGEST and "\n" not in name and glob.has_magic(name) and not Path(name).exists()


def _walk(folder: Path, written: list[Path]) -> Iterator[Path]:
    """Yield the files of a folder and of those below it, by name; a file geodatabase as one."""
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name.startswith(".") or _is_lock(path.name) or path.resolve() in written:
            continue
        if not path.is_dir() or path.suffix.lower() == ".gdb":
            yield path
        elif not path.is_symlink():
            # A link to a folder may lead back to where it stands.
            yield from _walk(path, written)


def _is_known(path: Path, endings: frozenset[str]) -> bool:
    return path.suffix.lower() in endings and not _is_part(path)


def _is_part(path: Path) -> bool:
    """Return whether a file is a part of another that is there."""
    name = path.name
    behind = [path.with_name(name[: -len(end)]) for end in _BEHIND if name.lower().endswith(end)]
    # A Shapefile's own metadata are parcels.shp.xml; parcels.xml beside it may be anything.
    wholes = [whole for whole in behind if whole.suffix]
    for ending in _PART_OF.get(path.suffix.lower(), ()):
        wholes += [path.with_suffix(ending), path.with_suffix(ending.upper())]
    return any(whole.exists() for whole in wholes)


def _is_lock(name: str) -> bool:
    return Path(name).name.startswith(_LOCKS) or name.lower().endswith((".lock", ".ldb", ".laccdb"))


def _is_within(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _identity(path: Path) -> object:
    """Return what two names of one file have in common."""
    try:
        return path.resolve() if path.exists() else str(path)
    except (OSError, ValueError):
        return str(path)


def _label(sources: list[str]) -> list[Input]:
    """Call each source by its name, or by as much of its path as tells it from the others."""
    labels = {source: _last(source, 1) for source in sources}
    for depth in range(2, 64):
        counted = Counter(label.casefold() for label in labels.values())
        alike = [source for source, label in labels.items() if counted[label.casefold()] > 1]
        if not alike:
            break
        labels |= {source: _last(source, depth) for source in alike}
    return [Input(source, label) for source, label in labels.items()]


def _last(source: str, depth: int) -> str:
    """Return the last parts of a path; text in short."""
    if "://" in source:
        # What is before the @ may be a password.
        return source.rpartition("@")[2] or source
    if len(source) >= _LONGEST or "\n" in source:
        return source.split("\n")[0][:40]
    return "/".join(Path(source).parts[-depth:])
