"""Machine code that is never old, needs no folder, and stops at Ctrl-C."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from statmodels_x.core import compiled

HOME = Path(compiled.__file__).parent


@pytest.fixture
def package(tmp_path):
    """A package of this name with two kernels in two files, a constant in a third, and a file that is no matter."""
    core = tmp_path / "statmodels_x" / "core"
    core.mkdir(parents=True)
    for folder in (core, core.parent):
        (folder / "__init__.py").write_text("")
    for name in ("compiled.py", "interruption.py"):
        shutil.copy(HOME / name, core)
    (core / "inner.py").write_text(
        "from statmodels_x.core.compiled import kernel\nfrom statmodels_x.core import constants\n"
        "ONE = constants.ONE\n\n@kernel\ndef inner(x):\n    return x + ONE\n"
    )
    (core / "outer.py").write_text(
        "from statmodels_x.core.compiled import kernel\nfrom statmodels_x.core.inner import inner\n\n"
        "@kernel\ndef outer(x):\n    return 10.0 * inner(x)\n"
    )
    (core / "constants.py").write_text("ONE = 1.0\n")
    (core / "other.py").write_text("TWO = 2\n")
    return core


def run(package, code):
    environment = {**os.environ, "PYTHONPATH": str(package.parents[1])}
    environment.pop("NUMBA_CACHE_DIR", None)
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=package.parents[1]
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


CALL = (
    "from statmodels_x.core.outer import outer; value = outer(2.0); hits = sum(outer.stats.cache_hits.values()); "
    "print(value, hits)"
)


def test_an_edited_kernel_is_compiled_again_in_those_that_call_it(package):
    assert run(package, CALL) == "30.0 0"
    assert run(package, CALL) == "30.0 1"
    inner = package / "inner.py"
    inner.write_text(inner.read_text().replace("x + ONE", "x * ONE"))
    assert run(package, CALL) == "20.0 0"
    (package / "constants.py").write_text("ONE = 4.0\n")
    assert run(package, CALL) == "80.0 0"
    (package / "other.py").write_text("TWO = 3\n")
    assert run(package, CALL) == "80.0 1"


def test_the_hash_knows_kernels_and_what_they_import(package):
    def now():
        return compiled.sources.__wrapped__(package.parent)

    first = now()
    (package / "other.py").write_text("TWO = 4\n")
    assert now() == first
    for name in ("inner", "outer", "constants", "compiled"):
        before, path = now(), package / f"{name}.py"
        path.write_text(path.read_text() + "# changed\n")
        assert now() != before, name


def test_machine_code_that_is_cut_off_is_made_again(package):
    run(package, CALL)
    files = list((package / "__pycache__").glob("*.nb?"))
    assert len(files) >= 2
    for path in files:
        path.write_bytes(path.read_bytes()[:50])
    assert run(package, CALL) == "30.0 0"


def test_no_folder_is_needed():
    space = {}
    exec(
        compile("def twice(x):\n    return 2.0 * x\n", "<nowhere>", "exec"), space
    )  # a file that does not exist
    twice = compiled.kernel(space["twice"])
    assert twice(4.0) == 8.0
    assert twice.signatures


def test_a_full_disk_keeps_no_kernel_from_running(monkeypatch, package):
    code = (
        "import tempfile\nfrom numba.core import caching\n"
        "def full(*_):\n    raise OSError(28, 'No space left on device')\n"
        "caching.IndexDataCacheFile._save_data = full\n" + CALL
    )
    assert run(package, code) == "30.0 0"


def test_interruption_is_keyboard_interrupt(package):
    (package / "slow.py").write_text(
        "from typing import NamedTuple\nimport numpy as np\nfrom statmodels_x.core.compiled import kernel\n\n"
        "class Sums(NamedTuple):\n    total: float\n    values: np.ndarray\n\n"
        "@kernel\ndef slow(sums, n):\n    total = 0.0\n    for k in range(n):\n        total += np.sin(total + k)\n"
        "    return Sums(total, sums.values)\n"
    )
    code = (
        "import os, signal, threading, numpy as np\nfrom statmodels_x.core.slow import Sums, slow\n"
        "slow(Sums(0.0, np.zeros(2)), 1)\n"
        "threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "try:\n    slow(Sums(0.0, np.zeros(2)), 150_000_000)\n"
        "except BaseException as error:\n    print(type(error).__name__)\n"
    )
    assert run(package, code) == "KeyboardInterrupt"


def test_the_handler_is_the_one_before(package):
    code = (
        "import signal\nfrom statmodels_x.core.outer import outer\n"
        "for handler in (signal.default_int_handler, print, signal.SIG_IGN):\n"
        "    signal.signal(signal.SIGINT, handler)\n    outer(1.0)\n"
        "    assert signal.getsignal(signal.SIGINT) == handler\n"
        "from threading import Thread\nworker = Thread(target=outer, args=(1.0,))\nworker.start()\nworker.join()\n"
    )
    assert run(package, code) == ""


def test_without_compiler():
    code = (
        "import numpy as np, warnings\nwarnings.simplefilter('error')\n"
        "from statmodels_x.core.compiled import kernel\n@kernel\ndef f(x):\n    return x + 1 / np.float64(x)\n"
        "print(type(f).__name__, f(1), f(0), f.py_func(2))"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert found.stdout.strip() == "function 2.0 inf 2.5"


def test_compiling_is_said_once_where_nothing_is_kept(package):
    """A first fit takes long: a user must see why; one that finds its machine code is silent."""

    def said(code):
        environment = {**os.environ, "PYTHONPATH": str(package.parents[1])}
        environment.pop("NUMBA_CACHE_DIR", None)
        command = [sys.executable, "-c", code]
        found = subprocess.run(
            command, capture_output=True, text=True, env=environment, cwd=package.parents[1]
        )
        assert found.returncode == 0, found.stderr
        return found.stderr

    assert said(CALL).count("statmodels_x: compiling") == 1  # of two kernels
    assert said(CALL) == ""
    (package / "constants.py").write_text("ONE = 5.0\n")
    quiet = "import logging; logging.getLogger('statmodels_x').setLevel('ERROR'); "
    assert said(quiet + CALL) == ""
