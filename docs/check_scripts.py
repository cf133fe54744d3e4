"""Run a downloaded script of each family: ``python docs/check_scripts.py docs/_build/html .venv-wheel/bin/python``.

The interpreter has the wheel and nothing of this checkout but the machine code of kernels whose source is the same (it
takes minutes to make); the scripts are those that the site offers to download.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCRIPTS = {
    "survival": "plot_melanoma",
    "surrogate": "plot_colon_trial",
    "multistate": "plot_who_dies_how",
    "discontinuity": "plot_nile",
    "population": "plot_stages",
}


def lend_machine_code(installed: Path) -> None:
    """Copy what was compiled here beside the same sources of an installed package: numba knows them by their times."""
    own = Path(__file__).parents[1] / "statmodels_x"
    for source in own.rglob("kernels/*.py"):
        there = installed / source.relative_to(own)
        if there.read_bytes() != source.read_bytes():
            continue
        shutil.copystat(source, there)
        (there.parent / "__pycache__").mkdir(exist_ok=True)
        for code in source.parent.glob(f"__pycache__/{source.stem}.*.nb?"):
            shutil.copy2(code, there.parent / "__pycache__")


def main() -> int:
    """Run them, and count those that fail."""
    site, python = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).absolute()
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "STATMODELS_X"))
    }
    asked = [python, "-c", "import statmodels_x; print(statmodels_x.__path__[0])"]
    lend_machine_code(Path(subprocess.check_output(asked, text=True, cwd=site, env=clean).strip()))
    failed = 0
    for family, name in SCRIPTS.items():
        (script,) = site.glob(f"_downloads/*/{name}.py")
        before = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            run = subprocess.run(
                [python, script], cwd=folder, env=clean | {"MPLBACKEND": "agg"}, capture_output=True, text=True
            )  # fmt: skip
        failed += run.returncode != 0
        print(
            f"{family}: {name}.py, {time.monotonic() - before:.0f} s, {'failed' if run.returncode else 'ran'}"
        )
        if run.returncode:
            print(run.stderr[-1500:])
    return failed


if __name__ == "__main__":
    sys.exit(main())
