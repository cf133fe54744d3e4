"""Write the files that test_files.py loads: run once with version 0.1, before the modules moved.

python tests/discontinuity/golden/make_golden.py
"""

from pathlib import Path

import numpy as np

import statmodels_x as smx

HERE = Path(__file__).parent


def image() -> np.ndarray:
    """A step of 1 with noise of .1."""
    return 1.0 * (np.arange(8)[:, None] > 3) + 0.1 * np.random.default_rng(0).normal(size=(8, 8))


def signal() -> np.ndarray:
    """A step of 1 with noise of .1."""
    return 1.0 * (np.arange(40) > 24) + 0.1 * np.random.default_rng(1).normal(size=40)


if __name__ == "__main__":
    smx.save(smx.FreeDiscontinuity(image(), lam=30.0, nu=0.1, noise=0.1).fit(), HERE / "surface.smx")
    smx.save(smx.FreeDiscontinuity(signal()).fit(), HERE / "curve.smx")
