"""Documents: results written to files."""
