"""Run a downloaded script of each family: ``python docs/check_scripts.py docs/_build/html .venv-wheel/bin/python``.

The interpreter has the wheel and nothing of this checkout; the scripts are those that the site offers to download.
"""

from __future__ import annotations

import os
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


def main() -> int:
    """Run them, and count those that fail."""
    site, python = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).absolute()
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "STATMODELS_X"))
    }
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
