"""Put the parts of a batch together in one GeoPackage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS

from qy_gis.errors import cannot_write
from qy_gis.verdict.block import TABLES
from qy_gis.verdict.parts import Parts


def gather_parts(parts: Parts, target: Path, crs: CRS) -> None:
    """Write a GeoPackage of all tables, part by part; ``verdicts`` with the outlines, the others without geometry.

    It is written beside the parts and moved to its place when it is whole.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    unfinished = Path(parts.folder) / "all.gpkg"
    try:
        unfinished.unlink(missing_ok=True)
        for name in reversed(TABLES):  # a map first
            for number, path in enumerate(parts.list(name)):
                table = _as_plain(parts.read(path))
                shape = {"geometry_name": "geometry", "crs": crs.to_wkt(), "geometry_type": "MultiPolygon"}
                pyogrio.write_arrow(
                    table,
                    unfinished,
                    layer=name,
                    driver="GPKG",
                    append=number > 0,
                    **(shape if name == "verdicts" else {}),
                )
        unfinished.replace(target)
    except (OSError, DataSourceError, DataLayerError) as error:
        raise cannot_write(target, error) from error


def _as_plain(table: pa.Table) -> pa.Table:
    """Return a table without dictionaries, which a GeoPackage does not know, and with outlines of one kind."""
    plain = pa.schema(
        [
            field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
            for field in table.schema
        ]
    )
    table = table.cast(plain.with_metadata(table.schema.metadata)).replace_schema_metadata(None)
    if "geometry" not in table.column_names:
        return table
    shapes = shapely.force_2d(shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False)))
    single = shapely.get_type_id(shapes) == 3
    shapes[single] = shapely.multipolygons(shapes[single][:, np.newaxis])
    outlines = pa.array(shapely.to_wkb(shapes), pa.binary())
    return table.set_column(table.column_names.index("geometry"), "geometry", outlines)
