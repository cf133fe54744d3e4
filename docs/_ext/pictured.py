"""Pictures on the pages of methods and functions that draw: what their examples show on a screen."""

from __future__ import annotations

_MELANOMA = """\
formula = "Surv(time, status) ~ treatment"
data = smx.datasets.load_melanoma()
fit = smx.FlexibleSurvival(formula, data).fit()
"""
_COLON = """\
data = smx.MultiStateData.from_wide(
    smx.datasets.load_colon(),
    {"recurrence": ("time_recur", "status_recur"), "dead": ("time_death", "status_death")},
    start="remission", keep=["rx"], ties="half_unit")
fit = smx.MultiState("~ rx", data, distribution="auto").fit()
"""
_PAIR = """\
fig, axes = plt.subplots(1, 2, figsize=(10.5, 4.2), layout="constrained")
"""

PICTURES = {
    "FlexibleSurvivalResults.plot": (
        "Survival of both arms of the melanoma trial with Kaplan-Meier curves and numbers at risk; and a forest plot.",
        f"""{_MELANOMA}
fit.plot("survival", by="treatment", at_risk=True)
smx.FlexibleSurvival(f"{{formula}} + age + sex", data).fit().plot("forest")
""",
    ),
    "FlexibleSurvivalResults.plot_residuals": (
        "Quantile residuals against normal quantiles, and Cox-Snell residuals against the diagonal.",
        f"""{_MELANOMA}{_PAIR}
fit.plot_residuals("quantile", ax=axes[0])
fit.plot_residuals("cox-snell", ax=axes[1])
""",
    ),
    "SelectionResults.plot": (
        "The size of each term along the path of the smooth criterion.",
        """
smx.select("Surv(time, status) ~ treatment + age + sex", smx.datasets.load_melanoma()).plot()
""",
    ),
    "MultiStateResults.plot": (
        "Stacked probabilities of remission, recurrence and death; and the diagram of the states with its counts.",
        f"""{_COLON}{_PAIR}
fit.plot("occupancy", newdata=pd.DataFrame({{"rx": ["Obs"]}}), ax=axes[0])
fit.plot("diagram", ax=axes[1])
""",
    ),
    "functions.curve": (
        "A curve with its confidence band.",
        """
x = np.linspace(0.0, 1.0, 50)
ax = smx.plotting.get_axes()
smx.plotting.curve(ax, x, np.exp(-x), np.exp(-1.2 * x), np.exp(-0.8 * x), "fitted curve", 0)
smx.plotting.finish(ax, "Time (years)", "Survival probability")
""",
    ),
    "functions.step_curve": (
        "A step function in the style of Kaplan-Meier curves, with dotted limits.",
        """
times, survival = np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 0.8, 0.5, 0.4])
ax = smx.plotting.get_axes()
smx.plotting.step_curve(ax, times, survival, "Kaplan-Meier", 0, survival - 0.15, 0.5 + 0.5 * survival)
smx.plotting.finish(ax, "Time (years)", "Survival probability")
""",
    ),
    "functions.numbers_at_risk": (
        "A step function over a time axis with the numbers at risk below its ticks.",
        """
time = np.array([1.0, 2.5, 3.0])
ax = smx.plotting.get_axes()
smx.plotting.step_curve(ax, np.array([0.0, *time]), np.array([1.0, 2 / 3, 1 / 3, 0.0]), None, 0)
smx.plotting.finish(ax, "Years", "Survival probability")
ax.set(xlim=(0, 4), ylim=(0, 1.02))
smx.plotting.numbers_at_risk(ax, lambda ticks: [(time >= ticks[:, None]).sum(axis=1)], ["all"])
""",
    ),
    "functions.finish_forest": (
        "A forest plot with two rows and the line of no effect.",
        """
table = pd.DataFrame({"estimate": [0.7, 1.1], "lower": [0.5, 0.8], "upper": [0.9, 1.5]})
fig, ax = plt.subplots(figsize=(6.4, 1.9), layout="constrained")
smx.plotting.forest(ax, table)
smx.plotting.finish_forest(ax, ["treatment", "age"], neutral=1.0, xlabel="Hazard ratio")
""",
    ),
}
"""By ``Class.method`` or ``functions.name``: a text for those who do not see the picture, and what draws it."""


def picture(name: str) -> list[str]:
    """Return the lines that draw a picture below the example of a method; none for what has no picture."""
    if name not in PICTURES:
        return []
    text, code = PICTURES[name]
    return ["", ".. plot::", f"   :alt: {text}", "", *(f"   {line}" for line in code.splitlines()), ""]
