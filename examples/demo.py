"""Fit the melanoma trial, print the summary, write a figure: the program behind ``make demo``."""

from pathlib import Path

import matplotlib as mpl

mpl.use("agg")

import statmodels_x as smx

data = smx.datasets.load_melanoma()
fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment", data).fit()
print(fit.summary())

ax = fit.plot("survival", by="treatment")
ax.set_title("ECOG E1684 melanoma trial: relapse-free survival")
target = Path("demo") / "melanoma.png"
target.parent.mkdir(exist_ok=True)
ax.figure.savefig(target, dpi=150)
print(f"\nThe figure is in {target.resolve()}")
