"""One small program each: ``python -m benchmarks.contenders.NAME PLAN PARCELS OUT`` writes the pair table to OUT."""
