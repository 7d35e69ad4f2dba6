"""Where a park can go: land that the rules leave, sites on it, and how sure their ranking is."""
