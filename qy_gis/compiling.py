"""Functions written once and run twice: as plain Python for little work, compiled by numba for much.

A module of such functions decorates them with ``_jit = jit_for(__name__)``; `compiled` loads the module a second time,
compiled, and `code_for` chooses. In plain Python nothing is decorated and numba is not even imported: for a parcel or
two a compiler's start would cost more than the work. Operations and their order are the same, and so are the digits.
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


def code_for(module: ModuleType, *, many: bool) -> Any:
    """Return a module of such functions: compiled if there is much to do, or if it was compiled for that before."""
    return compiled(module) if many or module.__name__ in _twins else module
