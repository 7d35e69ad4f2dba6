# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 快速上手 · Quickstart
#
# A plan meets parcels, and out come areas, outcomes with reasons, and a map. Open this file as a notebook
# (`jupytext --to notebook examples/quickstart.py`), or run it as a script.

# %%
import tempfile
from pathlib import Path

import qy_gis as qy
from qy_gis.plan.read import bundled_folder

examples = bundled_folder("examples")

# %% [markdown]
# ## 1. 看规划 · Look at the plan
#
# The bundled plan is the spatial side of 《清远市产业“十四五”发展规划》. Its outlines are proxies: `basis` and
# `accuracy_m` say how far to trust them, and `basis_note` says what was taken for what.

# %%
plan = qy.read_plan()
plan

# %%
core = plan.layers["core"]
core.basis, core.accuracy_m, core.basis_note.zh

# %% [markdown]
# ## 2. 读地块 · Read a parcel
#
# 界址点 TXT, GeoJSON, GeoPackage or Shapefile; the CRS is taken from the file and held against its coordinates. Planar
# areas in this grid are 218 ppm too large here, and a warning would say so; the areas reported are statutory ones.

# %%
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", qy.GridWarning)
    parcels = qy.read_parcels(examples / "parcels" / "farmland.txt")
parcels.T

# %%
area_m2 = qy.areas(parcels.geometry, parcels.crs)
planar_m2 = parcels.area.to_numpy()
area_m2, planar_m2

# %% [markdown]
# ## 3. 核查 · Check it
#
# With the bundled plan alone nobody knows where the farmland is, so the answer is 待核实: silence is not "no conflict".

# %%
result = qy.check(parcels, plan, industry="新能源")
print(result)
result.findings[["layer", "outcome", "settle"]]

# %% [markdown]
# An office lays its own data over the plan: a folder with a TOML file for each layer it replaces. These control lines
# are synthetic, made for this example.

# %%
office = qy.read_plan(examples / "office")
judged = qy.check(parcels, office, industry="新能源")
print(judged)
judged

# %% [markdown]
# ## 4. 为什么 · Why
#
# One row per parcel and rule, with the area that stands against it, as an interval, and the document that says so.

# %%
failed = judged.findings[judged.findings["outcome"] == "fail"]
failed[["layer", "overlap_m2", "low_m2", "high_m2", "limit", "reason", "document", "article"]].T

# %% [markdown]
# One row per parcel and feature it meets, and one per layer for the land outside. Shares add up to 1.

# %%
overlaps = judged.overlaps
overlaps[overlaps["area_m2"] > 0][["layer", "feature_name", "relation", "area_m2", "share", "distance_m"]]

# %%
by_layer = overlaps[overlaps["layer"] == "permanent_farmland"]
by_layer["share"].sum()

# %% [markdown]
# ## 5. 画图、保存 · Draw it, save it
#
# A folium map, self-contained: the file opens on a machine without internet.

# %%
page = qy.draw(judged)
folder = Path(tempfile.mkdtemp())
page.save(folder / "farmland.html")
qy.write_report(judged, folder / "farmland.json")
qy.write_report(judged, folder / "farmland.gpkg")
sorted(path.name for path in folder.iterdir())
