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
# # 园区选址 · Where can a park go?
#
# 三个问题：规则留下哪些土地？每条规则占了多少？哪块地最好，这个排序有多稳？
#
# Three questions: what land do the rules leave, what does each rule cost, and which site is best (and how sure is
# that)? The rules are those of the check, so a site found here passes it.

# %%
# %matplotlib inline
import geopandas as gpd

import qy_gis as qy
from qy_gis.plan.read import bundled_folder
from qy_gis.siting import pictures

examples = bundled_folder("examples")

# %% [markdown]
# ## 1. 只有随附规划时 · With the bundled plan alone
#
# 随附规划没有控制线数据：没有一公顷土地可以确定可选。沉默不等于“无冲突”。
#
# It holds no control lines, so not one hectare is known to be eligible. Silence is not "no conflict".

# %%
bundled = qy.read_plan()
costs = qy.rule_costs(bundled, industry="新材料", within="英德市")
costs.loc[costs["step"].isin(["land", "unknown", "eligible"]), ["title", "title_en", "change_m2", "left_m2"]]

# %%
len(qy.eligible_area(bundled, industry="新材料", within="英德市"))

# %% [markdown]
# ## 2. 叠加单位数据 · With an office's own data
#
# 以下控制线为合成数据，仅用于演示；其覆盖范围是清城区内 8 公里见方的窗口。
#
# These control lines are synthetic, made for this example. They are surveyed in a window of 8 x 8 km.

# %%
office = qy.read_plan(examples / "office")
window = gpd.read_file(examples / "office" / "data" / "coverage.geojson")
land = qy.eligible_area(office, industry="新材料", within=window, unknown="keep")
land.groupby("verdict")[["area_ha", "area_mu"]].sum().round(1)

# %% [markdown]
# ## 3. 每条规则的代价 · What each rule costs
#
# `alone_m2` 是该规则单独占用的土地，`change_m2` 是在前面各条之后又占用的，`marginal_m2` 是没有它就会多出来的可选土地。
#
# What a rule takes by itself, what it takes after those above it, and what would be gained without it.

# %%
costs = qy.rule_costs(office, industry="新材料", within=window)
hectares = costs.set_index("title")[["alone_m2", "unknown_m2", "change_m2", "left_m2", "marginal_m2"]] / 10_000
hectares.round(1)

# %%
pictures.draw_waterfall(costs)

# %% [markdown]
# 再试一条还没有写成规则的：距生态保护红线 200 米以内不建。要写成规则，在图层的 TOML 里加
# `kind = "setback"` 和 `distance_m = 200`，核查也就按它判断。
#
# And one that is not a rule yet: nothing within 200 m of the ecological red line. As a rule it is `kind = "setback"`
# and `distance_m = 200` in the layer's TOML, and the check goes by it too.

# %%
tried = qy.rule_costs(office, industry="新材料", within=window, setbacks={"ecological_redline": 200})
shown = tried.loc[tried["step"].isin(["setback", "unknown", "eligible"])].set_index("title")
(shown[["alone_m2", "unknown_m2", "change_m2", "left_m2", "marginal_m2"]] / 10_000).round(1)

# %% [markdown]
# ## 4. 备选地块 · Sites
#
# 50 公顷，连片、不带细脖子、互不重叠；每块有法定面积和核查结论。
#
# 50 ha each, in one piece, without necks, not on one another; each with its statutory area and the check's verdict.

# %%
sites = qy.find_sites(office, area_ha=50, industry="新材料", within=window, n=6)
sites[["parcel_id", "name", "area_ha", "area_mu", "compactness", "width_m", "verdict"]].round(3)

# %%
set(qy.check(sites, office, industry="新材料").findings["outcome"])

# %% [markdown]
# ## 5. 排序，以及它有多稳 · A ranking, and how sure it is
#
# 准则写在一个 TOML 文件里：量什么、单位、好坏方向、如何计值；权重由两两比较得出（AHP）。
#
# Criteria are a TOML file: what is measured, in which unit, which way is better, what a value is worth. Here their
# weights come from comparisons in pairs.

# %%
criteria = qy.read_criteria(examples / "siting.toml")
[(each.title.zh, each.measure, each.unit, each.direction) for each in criteria.criteria]

# %%
ranked = qy.rank_sites(sites, office, criteria=criteria)
ranked[["rank", "parcel_id", "score", "p_first", "p_top3", "shift"]].round(3)

# %% [markdown]
# `p_first` 是 1,000 组随机权重中居首的占比；`shift` 是至少要挪动多少权重，第一名才会易主。
#
# `p_first`: in which share of 1,000 random weights the site comes first. `shift`: how much weight has to move before
# the winner is no longer alone at the top.

# %%
pictures.draw_contributions(ranked, criteria)

# %%
pictures.draw_stability(qy.rank_stability(ranked, criteria))

# %%
pictures.draw_sites(ranked, land)
