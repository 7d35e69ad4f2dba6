"""Zip archives: checked whole before a byte is unpacked, and no name from inside is ever used as a path."""

from __future__ import annotations

import re
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from qy_gis.errors import SourceError
from qy_gis.parcels.repairs import list_faults

#: What an archive of parcels may hold; beyond that it is a mistake or an attack.
MAX_MEMBERS, MAX_BYTES, MAX_RATIO = 2_000, 512 * 1024**2, 200

_NESTED = (".zip", ".kmz", ".rar", ".7z", ".gz", ".tgz", ".bz2", ".xz", ".tar")
_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


@contextmanager
def unpack_shapefile(path: Path, *, layer: str | None) -> Iterator[Path]:
    """Unpack one Shapefile of a zip archive into a temporary folder.

    Parameters
    ----------
    path
        The zip archive. Names in it are UTF-8 if it says so, else GB18030.
    layer
        Which Shapefile, by its name without ``.shp`` (with its folder where that is not enough); None if there is only
        one.

    Yields
    ------
    pathlib.Path
        The .shp, its companions beside it.

    Raises
    ------
    SourceError
        Not a zip archive, unsafe (paths that lead outside, links, encryption, archives inside, more than 2,000 members,
        512 MiB or 200 times its size), or not exactly one Shapefile.
    """
    try:
        with zipfile.ZipFile(path, metadata_encoding="gb18030") as archive:
            members = _check_members(archive.infolist(), path.name)
            parts = _choose_shapefile(members, layer, path.name)
            with tempfile.TemporaryDirectory(prefix="qy_gis_") as folder:
                for ending, member in parts.items():
                    # A member never yields more bytes than it declares, and those have been added up.
                    (Path(folder) / f"parcels{ending}").write_bytes(archive.read(member))
                yield Path(folder) / "parcels.shp"
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError) as error:
        raise SourceError(f"{path.name} cannot be unpacked: {error}") from error


def _check_members(members: list[zipfile.ZipInfo], title: str) -> list[zipfile.ZipInfo]:
    """Return the files of an archive, if all of it is safe."""
    faults = []
    if len(members) > MAX_MEMBERS:
        faults.append(f"{len(members)} members; accepted are {MAX_MEMBERS}")
    unpacked, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
    if unpacked > MAX_BYTES:
        faults.append(f"{unpacked / 1024**2:.0f} MiB unpacked; accepted are {MAX_BYTES // 1024**2}")
    if unpacked > MAX_RATIO * max(packed, 1):
        faults.append(f"{unpacked / max(packed, 1):.0f} times its size when unpacked; accepted is {MAX_RATIO}")
    for member in members:
        name = member.filename
        if re.match(r"[\\/]|[A-Za-z]:", name) or ".." in re.split(r"[\\/]", name):
            faults.append(f"{name!r} leads outside the archive")
        if stat.S_ISLNK(member.external_attr >> 16):
            faults.append(f"{name!r} is a link")
        if member.flag_bits & 1:
            faults.append(f"{name!r} is encrypted")
        if name.lower().endswith(_NESTED):
            faults.append(f"{name!r} is an archive inside the archive; unpack it first")
    if faults:
        raise SourceError(f"{title} is refused:\n{list_faults(faults)}")
    return [member for member in members if not member.is_dir()]


def _choose_shapefile(members: list[zipfile.ZipInfo], layer: str | None, title: str) -> dict[str, zipfile.ZipInfo]:
    """Return the members of the one Shapefile there is, or that is asked for, by extension."""
    paths = [(PurePosixPath(member.filename.replace("\\", "/")), member) for member in members]
    # macOS keeps a shadow of every file.
    paths = [(path, member) for path, member in paths if not path.name.startswith("._")]
    shapes = [path.with_suffix("") for path, _ in paths if path.suffix.lower() == ".shp"]
    chosen = shapes if layer is None else [shape for shape in shapes if layer in (shape.name, str(shape))]
    if len(chosen) != 1:
        found = ", ".join(str(shape) for shape in shapes) or ", ".join(str(path) for path, _ in paths[:20]) or "nothing"
        raise SourceError(
            f"{title} has {len(chosen)} Shapefiles{'' if layer is None else f' named {layer!r}'}, accepted is one; "
            f"name it with layer=. Found: {found}"
        )
    same = [(path, member) for path, member in paths if path.with_suffix("") == chosen[0]]
    return {path.suffix.lower(): member for path, member in same if path.suffix.lower() in _SHAPEFILE_PARTS}
