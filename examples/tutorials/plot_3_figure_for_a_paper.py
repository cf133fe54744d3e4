"""
3. From a fit to a figure for a paper
=====================================

Journals ask for survival curves with numbers at risk, readable in black and white, in the size of a column, as a
vector graphic.

- **You will learn**: to draw curves with numbers at risk, to set labels, size and fonts, to save the figure, and to
  draw a forest plot.
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
fit = smx.FlexibleSurvival("Surv(time, status) ~ arm", data, time_unit="years").fit()

# %%
# Curves with numbers at risk
# ---------------------------
# ``at_risk=True`` writes how many patients are under observation at each tick of the time axis. The legend names
# what is data (Kaplan-Meier, its interval, and censored times) and what is the model. Curves differ in colour and
# in dashes, so that the figure can be printed without colours.
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
# A column of a journal is often 85 mm wide. Set the size and the font before you draw, and save as PDF. The text
# then has the size that you chose. This block writes ``figure1.pdf`` into a temporary folder; give your own path.
from pathlib import Path
from tempfile import mkdtemp

folder = Path(mkdtemp())
millimetres = 1 / 25.4
with plt.rc_context({"font.size": 7, "legend.fontsize": 6, "axes.linewidth": 0.6, "pdf.fonttype": 42}):
    fig, ax = plt.subplots(figsize=(85 * millimetres, 75 * millimetres), layout="constrained")
    fit.plot("survival", by="arm", at_risk=True, ax=ax)
    ax.set(xlabel="Years since randomisation", ylabel="Relapse-free survival")
    fig.savefig(folder / "figure1.pdf")
    plt.show()

# %%
# A plainer figure
# ----------------
# Some journals want one kind of curve only. ``kaplan_meier=False`` leaves the data out, ``censored=False`` leaves
# out the marks of censored times.
fig, ax = plt.subplots(figsize=(5.2, 3.6), layout="constrained")
fit.plot("survival", by="arm", kaplan_meier=False, ax=ax)
ax.set(xlabel="Years since randomisation", ylabel="Relapse-free survival")
plt.show()

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
# A forest plot of several covariates
# -----------------------------------
# ``"forest"`` draws hazard ratios with their intervals and writes the numbers beside them. Name the columns as
# readers should see them.
data["sex"] = data["sex"].map({0: "male", 1: "female"})
data["decade"] = data["age"] / 10  # hazard ratio of ten years
adjusted = smx.FlexibleSurvival("Surv(time, status) ~ arm + decade + sex", data, time_unit="years").fit()
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

# sphinx_gallery_start_ignore
assert (folder / "figure1.pdf").stat().st_size > 5000
# sphinx_gallery_end_ignore
