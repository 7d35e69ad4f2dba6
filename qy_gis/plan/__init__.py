"""What the plan says: its layers, rules and sources, read from TOML and checked."""
