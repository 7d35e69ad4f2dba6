"""The overlap engine against its peers, on a made-up city: programs to run, never tests."""
