"""Store a fit as a file that later versions must be able to read: run it again only when the format changes.

python tests/survival/golden/make_golden.py
"""

from pathlib import Path

import statmodels_x as smx

FORMULA = "Surv(time, status) ~ celltype + bs(karno, df=4) + offset(0.01 * age)"


def main() -> None:
    fit = smx.FlexibleSurvival(FORMULA, smx.datasets.load_veteran(), power="~ treatment").fit()
    smx.save(fit, Path(__file__).parent / "veteran.smx")


if __name__ == "__main__":
    main()
