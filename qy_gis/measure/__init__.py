"""Land in numbers: grids, the survey plane, areas and units."""
