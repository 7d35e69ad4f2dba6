"""Zip archives: checked whole before a byte is unpacked, and no name from inside is ever used as a path."""

from __future__ import annotations

import re
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from qy_gis.errors import SourceError
from qy_gis.parcels.repairs import list_faults

#: What an archive of parcels may hold; beyond that it is a mistake or an attack.
MAX_MEMBERS, MAX_BYTES, MAX_RATIO = 2_000, 512 * 1024**2, 200

#: What `unpack_source` can find in an archive: the ending of the main file, and those of the files that belong to it.
PARTS = {
    ".shp": (".shp", ".shx", ".dbf", ".prj", ".cpg"),
    ".tab": (".tab", ".dat", ".map", ".id", ".ind"),
    ".mif": (".mif", ".mid"),
    ".gdb": (),
    **{
        ending: (ending,)
        for ending in (".gpkg", ".fgb", ".parquet", ".geojson", ".dxf", ".kml", ".gml", ".gpx", ".txt", ".csv", ".xlsx")
    },
}

#: What lies in an archive beside the parcels as often as it holds them: taken where there is nothing else.
_LAST = (".txt", ".csv", ".xlsx")

#: What may have layers of its own.
_WITH_LAYERS = (".gdb", ".gpkg", ".kml", ".dxf", ".xlsx", ".gml", ".gpx")

#: A file that every file geodatabase has.
_FIRST_TABLE = "a00000001.gdbtable"

_NESTED = (".zip", ".kmz", ".rar", ".7z", ".gz", ".tgz", ".bz2", ".xz", ".tar")
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError, OSError, ValueError)

#: A source in an archive: ending, path without it, and its files by their name beside or in it.
_Found: TypeAlias = tuple[str, PurePosixPath, dict[str, zipfile.ZipInfo]]


@contextmanager
def unpack_source(path: Path, *, kinds: Sequence[str], layer: str | None, title: str) -> Iterator[tuple[Path, bool]]:
    """Unpack one source of a zip archive into a temporary folder.

    Parameters
    ----------
    path
        The zip archive. Names in it are UTF-8 if it says so, else GB18030.
    kinds
        Which of `PARTS` are accepted.
    layer
        Which of several, by its name without ending (with its folder where that is not enough). If there is only one,
        and it is not of this name, it may have layers of its own.
    title
        What to call the archive in messages.

    Yields
    ------
    tuple
        The main file (or the folder of a file geodatabase), and whether ``layer`` has named it.

    Raises
    ------
    SourceError
        Not a zip archive, unsafe (paths that lead outside, links, encryption, archives inside, more than 2,000 members,
        512 MiB or 200 times its size), or not exactly one source.
    """
    with tempfile.TemporaryDirectory(prefix="qy_gis_") as folder:
        try:
            with zipfile.ZipFile(path, metadata_encoding="gb18030") as archive:
                members = check_members(archive.infolist(), title)
                (kind, _, parts), named = _choose(_find_sources(members, kinds), members, kinds, layer, title)
                target = Path(folder) / f"parcels{kind}"
                if kind == ".gdb":
                    target.mkdir()
                for name, member in parts.items():
                    # A member never yields more bytes than it declares, and those have been added up.
                    place = target / name if kind == ".gdb" else target.with_suffix(name)
                    place.write_bytes(archive.read(member))
        except _DAMAGE as error:
            if isinstance(error, SourceError):
                raise
            raise _damaged(title) from error
        yield target, named


def check_members(members: Sequence[zipfile.ZipInfo], title: str) -> list[zipfile.ZipInfo]:
    """Return the files of an archive, if all of it is safe; else raise a SourceError with all that is wrong."""
    faults: list[tuple[str, str]] = []
    if len(members) > MAX_MEMBERS:
        count = len(members)
        faults.append((f"{count} members; accepted are {MAX_MEMBERS}", f"{count} 个文件，上限 {MAX_MEMBERS}"))
    unpacked, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
    if unpacked > MAX_BYTES:
        size, most = unpacked / 1024**2, MAX_BYTES // 1024**2
        faults.append((f"{size:.0f} MiB unpacked; accepted are {most}", f"解开后 {size:.0f} MiB，上限 {most}"))
    if unpacked > MAX_RATIO * max(packed, 1):
        ratio = unpacked / max(packed, 1)
        faults.append(
            (f"{ratio:.0f} times its size when unpacked; accepted is {MAX_RATIO}", f"解开后为 {ratio:.0f} 倍")
        )
    for member in members:
        name = member.filename
        if re.match(r"[\\/]|[A-Za-z]:", name) or ".." in re.split(r"[\\/]", name):
            faults.append((f"{name!r} leads outside the archive", f"{name!r} 指向压缩包之外"))
        if stat.S_ISLNK(member.external_attr >> 16):
            faults.append((f"{name!r} is a link", f"{name!r} 是链接"))
        if member.flag_bits & 1:
            faults.append((f"{name!r} is encrypted; pack it without a password", f"{name!r} 已加密，请去掉密码"))
        if name.lower().endswith(_NESTED):
            faults.append(
                (f"{name!r} is an archive inside the archive; unpack it first", f"{name!r} 是包中包，请先解开")
            )
    if faults:
        raise SourceError(
            f"{title} is refused:\n{list_faults([en for en, _ in faults])}",
            zh=f"{title} 拒读：\n{list_faults([zh for _, zh in faults])}",
        )
    # A member without a name is of no format.
    return [member for member in members if member.filename and not member.is_dir()]


def read_members(path: Path, endings: tuple[str, ...], title: str) -> dict[str, bytes]:
    """Return the files of a zip archive with one of these endings, by their path in it.

    Raises
    ------
    SourceError
        Not a zip archive, or unsafe; see `unpack_source`.
    """
    try:
        with zipfile.ZipFile(path, metadata_encoding="gb18030") as archive:
            members = check_members(archive.infolist(), title)
            names = {member.filename.replace("\\", "/"): member for member in members}
            return {
                name: archive.read(member)
                for name, member in names.items()
                # macOS keeps a shadow of every file.
                if name.lower().endswith(endings) and not PurePosixPath(name).name.startswith("._")
            }
    except _DAMAGE as error:
        if isinstance(error, SourceError):
            raise
        raise _damaged(title) from error


def _damaged(title: str) -> SourceError:
    return SourceError(
        f"{title} cannot be unpacked: it is not a whole zip archive, or packed in a way that is not accepted; pack it "
        "again as a plain zip",
        zh=f"{title} 解不开：不是完整的 zip，或压缩方式不支持；请重新压缩为普通 zip",
    )


def check_archive(path: Path, title: str) -> None:
    """Raise a SourceError if a file that is a zip archive by its format (XLSX) is damaged or unsafe."""
    try:
        with zipfile.ZipFile(path, metadata_encoding="gb18030") as archive:
            check_members(archive.infolist(), title)
    except _DAMAGE as error:
        if isinstance(error, SourceError):
            raise
        raise _damaged(title) from error


def _find_sources(members: list[zipfile.ZipInfo], kinds: Sequence[str]) -> list[_Found]:
    """Return every source of the accepted kinds in an archive."""
    paths = [(PurePosixPath(member.filename.replace("\\", "/")), member) for member in members]
    # macOS keeps a shadow of every file.
    paths = [(path, member) for path, member in paths if not path.name.startswith("._")]
    found: list[_Found] = []
    for kind in kinds:
        if kind == ".gdb":
            # Some pack the files of a geodatabase without its folder.
            folders = dict.fromkeys(
                path.parent
                for path, _ in paths
                if path.parent.suffix.lower() == kind or path.name.lower() == _FIRST_TABLE
            )
            for folder in folders:
                # The names of a geodatabase are a00000001.gdbtable and the like; anything else has no business in it.
                inside = {
                    path.name: member
                    for path, member in paths
                    if path.parent == folder and re.fullmatch(r"[A-Za-z0-9_.-]+", path.name)
                }
                found.append((kind, folder.with_suffix("") if folder.name else PurePosixPath("geodatabase"), inside))
            continue
        for stem in [path.with_suffix("") for path, _ in paths if path.suffix.lower() == kind]:
            same = {
                path.suffix.lower(): member
                for path, member in paths
                if path.with_suffix("") == stem and path.suffix.lower() in PARTS[kind]
            }
            found.append((kind, stem, same))
    return found


def _choose(
    found: list[_Found], members: list[zipfile.ZipInfo], kinds: Sequence[str], layer: str | None, title: str
) -> tuple[_Found, bool]:
    """Return the one source there is, or that is asked for, and whether its name was asked for."""
    if any(one[0] not in _LAST for one in found) and layer is None:
        found = [one for one in found if one[0] not in _LAST]
    named = [one for one in found if layer in _names(one)]
    if len(named) == 1:
        return named[0], True
    if len(found) == 1 and (layer is None or found[0][0] in _WITH_LAYERS):
        return found[0], False
    count = len(found if layer is None else named)
    listed = ", ".join(f"{one[1]}{one[0]}" for one in found[:20]) or ", ".join(m.filename for m in members[:20])
    asked, asked_zh = ("", "") if layer is None else (f" named {layer!r}", f"名为 {layer!r} 的")
    raise SourceError(
        f"{title} has {count} sources{asked}, accepted is one of {', '.join(kinds)}; name it with layer= (--layer). "
        f"Found: {listed or 'nothing'}",
        zh=f"{title} 中有 {count} 个{asked_zh}地块数据，应为一个（{'、'.join(kinds)}）；"
        f"请用 --layer 指定：{listed or '空'}",
    )


def _names(source: _Found) -> tuple[str, ...]:
    """Return what a source may be called: with its ending and its folder, or without."""
    kind, path, _ = source
    return path.name, str(path), f"{path.name}{kind}", f"{path}{kind}"
