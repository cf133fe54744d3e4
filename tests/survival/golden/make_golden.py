"""Store fits as files that later versions must be able to read: run it again only when the format changes.

python tests/survival/golden/make_golden.py
"""

from pathlib import Path

import numpy as np
import pandas as pd

import statmodels_x as smx

FORMULA = "Surv(time, status) ~ celltype + bs(karno, df=4) + offset(0.01 * age)"
PAPER = {"scale": "aft", "other_scale": 1.0}
HERE = Path(__file__).parent


def main() -> None:
    fit = smx.FlexibleSurvival(FORMULA, smx.datasets.load_veteran(), power="~ treatment", **PAPER).fit()
    smx.save(fit, HERE / "veteran.smx")
    smx.save(smx.FlexibleSurvival("Surv(t, s) ~ x + z", weibull_sample(), **PAPER).fit(), HERE / "ridge.smx")


def weibull_sample(n: int = 100, seed: int = 5) -> pd.DataFrame:
    """Draw times of which a default fit of version 0.1 ran to kappa = infinity."""
    r = np.random.default_rng(seed)
    x, z = r.normal(size=n), r.integers(0, 2, n)
    t = np.exp(0.5 * x + 0.3 * z) * r.weibull(1.3, n)
    c = r.uniform(0, 2 * np.quantile(t, 0.6), n)
    return pd.DataFrame({"x": x, "z": z, "t": np.minimum(t, c), "s": (t <= c).astype(int)})


if __name__ == "__main__":
    main()
