"""
3. From a fit to a figure for a paper
=====================================

Journals ask for survival curves with numbers at risk, readable in black and white, in the size of a column, as a
vector graphic.

- **You will learn**: to draw curves with numbers at risk, to set labels, size and fonts, to save the figure as PDF and
  PNG, to draw Kaplan-Meier curves alone or curves of a model with covariates, and to draw a forest plot.
- **You need**: :ref:`sphx_glr_gallery_tutorials_plot_1_first_survival_fit.py`.
- **Time**: 5 minutes to read, two seconds to run.
"""

# %%
# The fit
# -------
import matplotlib.pyplot as plt
import pandas as pd

import statmodels_x as smx

data = smx.datasets.load_melanoma()
data["arm"] = pd.Categorical(
    data["treatment"].map({0: "observation", 1: "interferon"}), ["observation", "interferon"]
)
# time_unit is the unit of the column `time`; the axis names it
fit = smx.FlexibleSurvival("Surv(time, status) ~ arm", data, time_unit="years").fit()

# %%
# Curves with numbers at risk
# ---------------------------
# ``at_risk=True`` writes how many patients are under observation at each tick of the time axis. The thick curves of
# the two arms and the shaded bands are the model's. The thin steps, their dotted interval and the upright marks at
# censored times are data. The legend names all of them. The curves of the model differ in colour and in dashes, so
# that the figure can be printed without colours.
fig, ax = plt.subplots(figsize=(6.4, 5.0), layout="constrained")
fit.plot("survival", by="arm", at_risk=True, ax=ax)
ax.set_xlabel("Years since randomisation")
ax.set_ylabel("Relapse-free survival")
plt.show()

# %%
# ``plot`` returns a matplotlib ``Axes``, so that everything in it can be changed: labels, limits, the place of the
# legend, fonts.
#
# The size of a column
# --------------------
# A column of a journal is often 85 mm wide. Set the size, the font and the width of lines before you draw, and save
# as PDF. The text then has the size that you chose. If the journal asks for pixels, save as PNG with 300 dots per
# inch or more. This block writes ``figure1.pdf`` and ``figure1.png`` into a temporary folder; give your own path.
from pathlib import Path
from tempfile import mkdtemp

folder = Path(mkdtemp())
millimetres = 1 / 25.4
small = {
    "font.size": 7,
    "legend.fontsize": 6,
    "axes.linewidth": 0.6,
    "lines.linewidth": 0.8,
    "pdf.fonttype": 42,
}
with plt.rc_context(small):
    fig, ax = plt.subplots(figsize=(85 * millimetres, 75 * millimetres), layout="constrained")
    fit.plot("survival", by="arm", at_risk=True, ax=ax)
    ax.set(xlabel="Years since randomisation", ylabel="Relapse-free survival")
    fig.savefig(folder / "figure1.pdf")
    fig.savefig(folder / "figure1.png", dpi=300)
    plt.show()

# %%
# Kaplan-Meier curves alone
# -------------------------
# Many journals want Kaplan-Meier curves without a model. ``model=False`` leaves the model out. ``censored=False``
# leaves out the marks of censored times.
fig, ax = plt.subplots(figsize=(5.6, 4.4), layout="constrained")
fit.plot("survival", by="arm", model=False, at_risk=True, ax=ax)
ax.set(xlabel="Years since randomisation", ylabel="Relapse-free survival")
plt.show()

# %%
# ``kaplan_meier=False`` leaves out the data instead. Then it is for the text to say that the curves are a model's.

# %%
# Does it work in black and white?
# --------------------------------
# Convert the figure to grey before you submit it. The curves must still be told apart.
import io

image = io.BytesIO()
fig.savefig(image, format="png", dpi=120)
image.seek(0)
grey = plt.imread(image)[..., :3] @ [0.299, 0.587, 0.114]
fig, ax = plt.subplots(figsize=(5.2, 3.6), layout="constrained")
ax.imshow(grey, cmap="gray", vmin=0, vmax=1)
ax.axis("off")
plt.show()

# %%
# With covariates
# ---------------
# In a model with further covariates ``plot("survival", by="arm")`` draws curves of one patient in each arm, with the
# mean of a number and the most frequent value of a category. The legend says which ("at decade = 0, sex = male"). No
# Kaplan-Meier steps are drawn beside them, because the steps are of all patients of an arm, of every age and sex.
# For a figure of a trial, draw *standardised* curves instead: the mean survival of all patients of the trial, as if
# all of them had been in one arm, and then as if all had been in the other.
data["sex"] = data["sex"].map({0: "male", 1: "female"})
data["decade"] = data["age"] / 10  # hazard ratio of ten years
adjusted = smx.FlexibleSurvival("Surv(time, status) ~ arm + decade + sex", data, time_unit="years").fit()
curves = adjusted.standardise("survival", at=[0.05 * k for k in range(181)], by="arm")
fig, ax = plt.subplots(figsize=(5.6, 4.0), layout="constrained")
for k, (arm, table) in enumerate(curves.groupby("arm", sort=False)):  # the reference first
    smx.plotting.curve(ax, table["time"], table["estimate"], table["lower"], table["upper"], arm, k)
ax.set(xlim=(0, 9), ylim=(0, 1.02))
smx.plotting.finish(ax, "Years since randomisation", "Relapse-free survival", "mean over all patients")
plt.show()

# %%
# ``at_risk=True`` counts the patients that the fit used. A patient with a missing covariate is not among them. If
# covariates are missing, take the figure with numbers at risk from a model with the arm alone, so that the numbers
# are those of the trial. :ref:`sphx_glr_gallery_survival_plot_standardised_survival.py` has more on standardised
# survival.
#
# A forest plot of several covariates
# -----------------------------------
# ``"forest"`` draws hazard ratios with their intervals and writes the numbers beside them. Name the columns as
# readers should see them.
ax = adjusted.plot("forest")
ax.set_yticks(ax.get_yticks(), ["Interferon vs observation", "Age, per 10 years", "Male vs female"])
plt.show()

# %%
# A table for the paper
# ---------------------
# The summary writes LaTeX (with booktabs), Markdown and HTML. These are the first lines of the table of estimates in
# LaTeX:
latex = adjusted.summary(effects=False).as_latex(label="tab:melanoma")
print("\n".join(latex[latex.index(r"\begin{tabular}{lr") :].splitlines()[:9]))

# %%
# Next
# ----
# :ref:`sphx_glr_gallery_tutorials_plot_4_sentence_for_a_paper.py`. The gallery page
# :ref:`sphx_glr_gallery_survival_plot_trial_figures.py` has more figures of a trial.

# sphinx_gallery_thumbnail_number = 6
# sphinx_gallery_start_ignore
assert (folder / "figure1.pdf").stat().st_size > 5000
assert (folder / "figure1.png").stat().st_size > 5000
assert (
    adjusted.plot("survival", by="arm").get_legend().get_title().get_text()
    == "arm\n(at decade = 0, sex = male)"
)
plt.close("all")
# sphinx_gallery_end_ignore
