"""Functions written once and run twice: as plain Python for little work, compiled by numba for much.

A module of such functions decorates them with ``_jit = jit_for(__name__)``; `compiled` loads the module a second time,
compiled, and `code_for` chooses. In plain Python nothing is decorated and numba is not even imported: for a parcel or
two a compiler's start would cost more than the work. A process that goes on checking parcels one by one has, after some
dozens, done as much work as many parcels are, and goes on compiled. Operations and their order are the same, and so are
the digits.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from threading import Lock
from types import ModuleType
from typing import Any

#: Ending of the name under which a module is loaded a second time.
_COMPILED = "_compiled"

#: About how many microseconds it takes to load numba and compiled code.
_LOADING = 400_000

#: The microseconds that all work so far took, or would have taken, in plain Python.
_plain = 0.0

_twins: dict[str, ModuleType] = {}
_lock = Lock()


def jit_for(name: str) -> Callable[[Any], Any]:
    """Return the decorator of a module of functions, by the name it is loaded under."""
    if not name.endswith(_COMPILED):
        return lambda function: function
    import numba

    decorator: Callable[[Any], Any] = numba.njit(cache=True, nogil=True, error_model="numpy")
    return decorator


def compiled(module: ModuleType) -> ModuleType:
    """Return a module once more, its functions compiled. The first time on a machine it takes some seconds."""
    with _lock:
        if module.__name__ not in _twins:
            name, file = f"{module.__name__}{_COMPILED}", module.__file__
            spec = importlib.util.spec_from_file_location(name, file)
            if spec is None or spec.loader is None:
                raise ImportError(f"cannot load {file} a second time")
            twin = importlib.util.module_from_spec(spec)
            sys.modules[name] = twin
            spec.loader.exec_module(twin)
            _twins[module.__name__] = twin
        return _twins[module.__name__]


def code_for(module: ModuleType, *, microseconds: float) -> Any:
    """Return a module of such functions: plain until it would have paid to load compiled code.

    Parameters
    ----------
    module
        Where the functions are.
    microseconds
        About what plain Python takes for what is to be done now.
    """
    global _plain
    _plain += microseconds
    return module if _plain < _LOADING else compiled(module)
