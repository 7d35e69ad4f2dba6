"""A PostGIS server of the benchmark's own, in a temporary folder, started and stopped by hand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HOW_TO_INSTALL = "on Debian: apt-get install postgresql postgresql-postgis"

#: Settings a careful user would make for one large query on a machine with memory to spare. Nothing that is loaded must
#: outlive the benchmark, so nothing waits for the disk.
_SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "2GB",
    "work_mem": "512MB",
    "maintenance_work_mem": "512MB",
    "max_parallel_workers_per_gather": str(os.cpu_count()),
    "parallel_leader_participation": "off",
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
    "min_parallel_table_scan_size": "0",
    "jit": "off",
    "fsync": "off",
    "full_page_writes": "off",
}


class PostgisMissingError(Exception):
    """PostGIS cannot be started here; the message says why and what to do."""


@contextmanager
def serve() -> Iterator[str]:
    """Start a server, give its address (for ``BENCHMARK_POSTGIS``), at the end stop it and remove its data."""
    server = _find_server()
    postgis_version()
    # The server refuses to run as root; Debian's package makes this user.
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="postgis-"))
    data = folder / "data"
    try:
        if user is not None:
            shutil.chown(folder, user)
        options = " ".join(f"-c {key}='{value}'" for key, value in _SETTINGS.items()) + f" -k {folder}"
        _run(server / "initdb", "-D", data, "-A", "trust", "-U", "benchmark", "--locale=C", "-E", "UTF8", user=user)
        _run(server / "pg_ctl", "start", "-w", "-D", data, "-l", folder / "log", "-o", options, user=user)
        try:
            yield f"host={folder} user=benchmark dbname=postgres"
        finally:
            _run(server / "pg_ctl", "stop", "-w", "-m", "immediate", "-D", data, user=user)
    finally:
        shutil.rmtree(folder)


def postgis_version() -> str:
    """Return the version of the PostGIS that belongs to the newest server, with the server's."""
    server = _find_server()
    control = Path("/usr/share/postgresql") / server.parent.name / "extension" / "postgis.control"
    if not control.is_file():
        raise PostgisMissingError(f"no PostGIS for PostgreSQL {server.parent.name}; {_HOW_TO_INSTALL}")
    found = re.search(r"default_version = '(.+)'", control.read_text(encoding="utf-8"))
    return f"{found.group(1) if found else '?'} (PostgreSQL {server.parent.name})"


def _find_server() -> Path:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        raise PostgisMissingError(f"no PostgreSQL server in /usr/lib/postgresql; {_HOW_TO_INSTALL}")
    return programs[-1].parent


def _run(*command: str | Path, user: str | None) -> None:
    # The server inherits the output of pg_ctl, so a pipe would stay open as long as it runs: hence a file.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(command, user=user, cwd="/", stdout=output, stderr=subprocess.STDOUT)
        output.seek(0)
        if done.returncode:
            raise PostgisMissingError(f"{Path(command[0]).name} failed: {output.read().decode().strip()}")
