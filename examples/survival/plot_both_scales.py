"""
Are both scales needed? A simulation study
==========================================

The family has two scales, ``phi`` for time and ``lambda`` for the hazard. Its authors advise covariates on one of
them and on the power :cite:p:`burke2020`. This page studies the same question with simulations of our own. How often
does one scale suffice? What does the second one cost? Do AIC and BIC choose the true model?
"""

# %%
# Design
# ------
# The study has six hazard shapes, 100, 300 or 1,000 subjects, and 0, 30 or 60 % censored times (where the cured
# fraction allows it). It has samples without a covariate and with two arms. The true model has one scale (``aft``,
# ``ph``), one scale with the arm on the power as well, or both scales with the arm on each, in *opposite* directions:
# time runs twice as fast, and the hazard is halved. No model with one scale can follow that exactly. Each data set is
# fitted by models with one scale, and by one or two models with both. The script is
# ``benchmarks/survival_both_scales.py``; its tables follow. There are three data sets for each cell of the design,
# and 39 to 51 for each truth and number of subjects, so the Monte-Carlo standard errors beside the shares are large.
from io import StringIO

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd


def table_of(text: str) -> pd.DataFrame:
    """Read a table of the study."""
    return pd.read_csv(StringIO(text), sep=";")


# data sets in which each thing happened, by truth and number of subjects
main = table_of(
    """\
part;truth;n;data_sets;aic_both_over_power;bic_both_over_power;both_degenerate;both_weak;power_degenerate;power_weak;aic_truth;bic_truth;naive_both_over_power;both_secondary
none;aft;100;51;1;1;26;22;4;6;25;25;12;1
none;aft;300;51;5;1;15;30;0;7;19;22;16;6
none;aft;1000;51;5;0;12;31;1;2;26;30;9;4
none;both;100;39;3;2;16;19;6;7;3;2;8;3
none;both;300;39;1;0;18;16;3;6;1;0;6;1
none;both;1000;39;6;1;7;23;0;3;6;1;10;3
none;ph;100;39;5;2;17;17;4;5;15;18;8;3
none;ph;300;39;5;1;14;20;5;4;16;20;10;2
none;ph;1000;39;4;0;10;22;3;2;17;21;9;1
arm;aft;100;51;7;3;30;18;8;3;30;30;23;0
arm;aft;300;51;3;0;25;18;1;7;24;34;19;1
arm;aft;1000;51;10;3;14;28;2;0;24;34;17;2
arm;aft + power;100;51;5;2;23;21;5;8;10;5;18;0
arm;aft + power;300;51;10;0;16;25;2;4;20;20;20;0
arm;aft + power;1000;51;6;0;16;25;0;1;24;26;12;0
arm;both;100;39;4;1;19;15;5;5;3;0;20;0
arm;both;300;39;11;3;16;14;2;4;5;1;21;0
arm;both;1000;39;15;8;11;18;4;3;10;7;19;0
arm;ph;100;39;5;3;18;16;3;5;14;19;16;2
arm;ph;300;39;4;1;15;18;3;4;15;21;15;0
arm;ph;1000;39;8;1;10;21;0;1;23;27;14;0
"""
)
# the same by the share of censored times
censored = table_of(
    """\
part;censoring;data_sets;aic_both_over_power;both_degenerate;power_degenerate
none;0.0;117;13;28;2
none;0.3;126;10;39;5
none;0.6;144;12;68;19
arm;0.0;162;33;55;4
arm;0.3;180;25;68;10
arm;0.6;198;30;90;21
"""
)
# two arms, truth with both scales, by the shape of the hazard
hard = table_of(
    """\
shape;data_sets;expected_loss;aic_both_over_power;aic_both_over_power_mc_se;rmse_ratio_1000;rmse_ratio_1000_mc_se
cure;9;6.9701;0.6667;0.1349;0.8087;0.4632
decreasing;27;0.0255;0.1111;0.0661;1.059;0.0551
down-up;27;0.1254;0.1111;0.0661;1.0223;0.0278
increasing;27;0.0048;0.1111;0.0661;1.006;0.0172
up-down;27;4.8048;0.5556;0.0894;0.8394;0.0398
"""
)
# two arms: errors of survival and of the difference of the arms, by the model that is fitted
errors = table_of(
    """\
truth;n;model;rmse_within;rmse_ratio_all;rmse_ratio_all_mc_se;coverage_within;no_interval_within;difference_bias;difference_bias_mc_se;difference_coverage
aft;100;aft;0.0609;0.992;0.0122;0.9444;0.1643;0.0134;0.0115;0.9048
aft;100;aft + power;0.0616;1.0024;0.004;0.9494;0.1536;0.0125;0.0118;0.907
aft;100;both;0.0623;1.0149;0.0118;0.9302;0.5393;0.0089;0.0114;0.9524
aft;300;aft;0.0371;0.9266;0.0191;0.9203;0.0143;0.0133;0.0067;0.9
aft;300;aft + power;0.0403;1.0067;0.0067;0.9167;0.0143;0.0066;0.008;0.9
aft;300;both;0.0408;1.0191;0.0158;0.9521;0.4786;0.0047;0.0081;0.9231
aft;1000;aft;0.0173;0.9329;0.02;0.9375;0.0251;0.0;0.003;0.9592
aft;1000;aft + power;0.0184;0.991;0.005;0.9375;0.0251;-0.0023;0.0035;0.9388
aft;1000;both;0.0188;1.0141;0.0133;0.9346;0.233;-0.0037;0.0035;0.9189
ph;100;aft;0.0622;0.9869;0.0357;0.9184;0.0667;0.0223;0.0141;0.9167
ph;100;aft + power;0.0645;1.0241;0.0303;0.9286;0.0667;0.0262;0.0152;0.9444
ph;100;both;0.0634;1.0063;0.0186;0.916;0.4333;0.0276;0.0134;0.9048
ph;300;aft;0.0344;1.0629;0.0464;0.9343;0.0571;0.0022;0.0085;0.9189
ph;300;aft + power;0.0324;1.0032;0.0129;0.959;0.0714;0.0125;0.0083;0.9167
ph;300;both;0.0338;1.0463;0.0161;0.9489;0.3476;0.0084;0.0088;0.875
ph;1000;aft;0.0295;1.547;0.2006;0.8143;0.0;-0.0099;0.007;0.7949
ph;1000;aft + power;0.0233;1.2227;0.1073;0.9048;0.0;-0.0037;0.0056;0.8974
ph;1000;both;0.02;1.0461;0.0197;0.9231;0.1952;-0.0034;0.0047;0.931
aft + power;100;aft;0.0701;1.0491;0.0309;0.8672;0.1393;0.0505;0.0149;0.7674
aft + power;100;aft + power;0.0657;0.9842;0.0094;0.918;0.0857;0.0302;0.0136;0.8913
aft + power;100;both;0.0675;1.0108;0.0115;0.9255;0.425;0.0236;0.0142;0.8929
aft + power;300;aft;0.0429;1.235;0.0566;0.84;0.1039;0.0371;0.0093;0.6222
aft + power;300;aft + power;0.0346;0.9974;0.0035;0.9519;0.0323;0.005;0.0079;0.898
aft + power;300;both;0.0361;1.0393;0.0205;0.9444;0.2903;-0.0001;0.0083;0.8571
aft + power;1000;aft;0.0336;1.7636;0.1118;0.6517;0.0498;0.0319;0.0068;0.5417
aft + power;1000;aft + power;0.0189;0.993;0.006;0.9395;0.0;0.0016;0.0037;0.9216
aft + power;1000;both;0.0196;1.0301;0.0261;0.919;0.2527;-0.0018;0.004;0.9714
both;100;aft;0.058;1.0304;0.027;0.9337;0.1502;-0.0068;0.014;0.9394
both;100;aft + power;0.0559;0.9943;0.0173;0.9622;0.1315;0.0096;0.0135;1.0
both;100;both;0.0553;0.9821;0.0144;0.9646;0.4695;0.009;0.0128;1.0
both;300;aft;0.0409;1.1249;0.0603;0.8488;0.0376;-0.0216;0.0105;0.7568
both;300;aft + power;0.0383;1.0547;0.0395;0.9024;0.0376;-0.0158;0.0093;0.9459
both;300;both;0.0355;0.9776;0.0223;0.9568;0.3474;-0.008;0.0085;0.9565
both;1000;aft;0.0304;1.4428;0.1886;0.7668;0.0939;-0.0276;0.007;0.7143
both;1000;aft + power;0.0272;1.2879;0.166;0.8549;0.0939;-0.0156;0.007;0.8571
both;1000;both;0.0207;0.9823;0.0298;0.9419;0.2723;-0.0075;0.0048;0.9643
"""
).replace({"model": {"both": "both, aft + ph"}})
main.groupby("part")["data_sets"].sum()


def pooled(table: pd.DataFrame, columns: list[str], by: list[str]) -> pd.DataFrame:
    """Divide the sums of counts by those of data sets, with Monte-Carlo errors."""
    if "truth" in table:
        table = table.assign(true_scales=np.where(table["truth"] == "both", "both", "one"))
    groups = table.groupby(by, sort=False)
    out = pd.DataFrame({"data sets": groups["data_sets"].sum()})
    for column in columns:
        count = groups[column].sum()
        share = (count + 2) / (out["data sets"] + 4)  # as in the study: an error for a share of 0 too
        out[column] = count / out["data sets"]
        out[f"{column} (se)"] = np.sqrt(share * (1 - share) / (out["data sets"] + 4))
    return out


# %%
# How often is the second scale chosen?
# -------------------------------------
# The table gives the share of data sets in which the best model with both scales has a lower criterion than the best
# with one scale and power (without a covariate: the best with one scale).
measures = ["aic_both_over_power", "bic_both_over_power"]
asked = pooled(main, measures, ["part", "true_scales", "n"])
asked.round(3)

# %%
styles = {
    ("aic_both_over_power", "both"): ("AIC, truth has both", "#0072B2", "-", "s", "#0072B2"),
    ("aic_both_over_power", "one"): ("AIC, truth has one", "#56B4E9", "--", "o", "#56B4E9"),
    ("bic_both_over_power", "both"): ("BIC, truth has both", "#A33B00", "-.", "s", "white"),
    ("bic_both_over_power", "one"): ("BIC, truth has one", "#D55E00", ":", "o", "white"),
}
titles = {"none": "No covariate", "arm": "Two arms"}
fig, axes = plt.subplots(1, 2, figsize=(9.5, 4.2), sharey=True, layout="constrained")
for ax, (part, title) in zip(axes, titles.items(), strict=True):
    for k, ((measure, truth), (label, colour, line, marker, face)) in enumerate(styles.items()):
        block = asked.loc[(part, truth)]
        place = block.index * 1.06 ** (k - 1.5)
        ax.errorbar(
            place, 100 * block[measure], yerr=100 * block[f"{measure} (se)"], label=label, color=colour,
            linestyle=line, marker=marker, markerfacecolor=face, capsize=3,
        )  # fmt: skip
    ax.set_xscale("log")
    ax.set_xticks([100, 300, 1000], ["100", "300", "1,000"])
    ax.minorticks_off()
    ax.set_xlabel("Subjects")
    ax.set_title(title)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("Both scales preferred (% of data sets)")
axes[0].set_ylim(bottom=0)
axes[0].legend(frameon=False, loc="upper left")
plt.show()

# %%
# If the truth has one scale, AIC prefers the second in about one data set in ten (with two arms and 1,000 subjects in
# one of six), and BIC in hardly any. If the truth has both, AIC does not detect it with 100 subjects. With 1,000
# subjects and two arms it detects it in four data sets of ten. Without a covariate no sample size here shows it
# reliably, because the two scales then differ from one only in the form of a single curve.

# %%
# Why: most hazard shapes do not show the second scale
# ----------------------------------------------------
# How close can a model with one scale and power come to the truth? The expected loss is the deviance (twice the
# log-likelihood) by which the best such model is worse than the truth, in an ideal sample of 300 uncensored subjects.
# A test at 5 % with one more parameter needs about 4, and AIC needs 2.
hard = hard.set_index("shape").sort_values("expected_loss")
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.8), sharey=True, layout="constrained")
places = np.arange(len(hard))
axes[0].barh(places, hard["expected_loss"], color="#56B4E9", edgecolor="black", height=0.6)
for place, loss in zip(places, hard["expected_loss"], strict=True):
    axes[0].text(loss + 0.1, place, f"{loss:.2f}", va="center")
axes[0].axvline(2, color="black", linestyle=":")
axes[0].set_yticks(places, hard.index)
axes[0].set_xlim(0, hard["expected_loss"].max() * 1.2)
axes[0].set_xlabel("Expected loss of one scale + power\n(deviance in 300 subjects; dotted: AIC's price)")
axes[1].errorbar(
    100 * hard["aic_both_over_power"], places, xerr=100 * hard["aic_both_over_power_mc_se"], fmt="s",
    color="#0072B2", capsize=3,
)  # fmt: skip
axes[1].set_xlim(-3, 100)
axes[1].set_xlabel("AIC prefers both scales\n(% of data sets, all n and censoring)")
for ax in axes:
    ax.spines[["top", "right"]].set_visible(False)
fig.suptitle("Truth with both scales and two arms, by shape of the hazard")
plt.show()

# %%
# For three of the five shapes a scale, the power and the shape together imitate two scales almost perfectly. Many
# thousands of events would be needed to see the difference. It is visible only if the hazard rises and then falls,
# with or without a cured fraction. There the second scale is useful: with 1,000 subjects the full model has a smaller
# RMSE of survival than the best model with one scale (last columns; there are few data sets for "cure", where only 60
# % censoring is possible).
hard["subjects needed for a deviance of 4"] = (300 * 4 / hard["expected_loss"]).round(-1)
needed = ["data_sets", "expected_loss", "subjects needed for a deviance of 4"]
hard[
    [*needed, "aic_both_over_power", "aic_both_over_power_mc_se", "rmse_ratio_1000", "rmse_ratio_1000_mc_se"]
].round(3)

# %%
# What the second scale costs
# ---------------------------
# The second scale has two costs. The first is the quality of the fit. The full model (both scales, each with its
# covariates) has a regular and well determined maximum in a minority of data sets. In the others the likelihood rises
# along a ridge, or a direction of the parameters is hardly determined, and the fit says so. The second cost is
# precision, here of survival at the true quartiles of each arm.
quality = pooled(main, ["both_degenerate", "both_weak", "power_degenerate", "power_weak"], ["part", "n"])
quality.round(3)

# %%
fig, axes = plt.subplots(1, 2, figsize=(9.5, 4.2), layout="constrained")
block = quality.loc["arm"]
for offset, model, label in ((-0.2, "power", "one"), (0.2, "both", "both")):
    ridge, weak = 100 * block[f"{model}_degenerate"], 100 * block[f"{model}_weak"]
    x = np.arange(3) + offset
    named = model == "both"
    axes[0].bar(
        x, ridge, 0.36, color="#4D4D4D", edgecolor="black", label="no regular maximum" if named else None
    )
    axes[0].bar(
        x,
        weak,
        0.36,
        ridge,
        color="#BDBDBD",
        hatch="//",
        edgecolor="black",
        label="weakly determined" if named else None,
    )
    axes[0].bar(
        x,
        100 - ridge - weak,
        0.36,
        ridge + weak,
        color="white",
        edgecolor="black",
        label="sound" if named else None,
    )
    for place in x:
        axes[0].text(place, 101, label, ha="center", va="bottom", fontsize=9)
axes[0].set_xticks(range(3), ["100", "300", "1,000"])
axes[0].set_xlabel("Subjects")
axes[0].set_ylabel("% of data sets")
axes[0].set_ylim(0, 108)
axes[0].set_title("State of the fit: aft + power; both, aft + ph", pad=12)
axes[0].legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3, columnspacing=1.0)
ratios = errors.query("model == 'both, aft + ph'")
looks = {
    "aft": ("#56B4E9", "--", "o"),
    "ph": ("#E69F00", ":", "^"),
    "aft + power": ("#009E73", "-.", "D"),
    "both": ("#0072B2", "-", "s"),
}
for k, (truth, (colour, line, marker)) in enumerate(looks.items()):
    row = ratios[ratios["truth"] == truth]
    axes[1].errorbar(
        row["n"] * 1.06 ** (k - 1.5), row["rmse_ratio_all"], yerr=row["rmse_ratio_all_mc_se"], color=colour,
        linestyle=line, marker=marker, capsize=3, label=f"truth: {truth}",
    )  # fmt: skip
axes[1].axhline(1, color="black", linewidth=0.8)
axes[1].set_xscale("log")
axes[1].set_xticks([100, 300, 1000], ["100", "300", "1,000"])
axes[1].minorticks_off()
axes[1].set_xlabel("Subjects")
axes[1].set_title("RMSE of survival, both scales over the best one", pad=12)
axes[1].legend(frameon=False, fontsize=9)
for ax in axes:
    ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# The second scale costs little for the curve and much for the interpretation. Over all shapes, survival is estimated
# nearly as well by two scales as by the model with one scale and power that AIC prefers. If the truth has one scale,
# the RMSE is larger by a few per cent. But the parameters of most fits with both scales cannot be interpreted. A fit
# that is not a regular maximum has no standard errors, so that its predictions have no intervals; the table gives the
# share of predictions without one.
#
# Two other choices are more important. Without the power, in ``aft``, the difference of the arms is biased if there
# is a true effect on the power. With a thousand subjects the right scale also matters: ``aft + power`` is worse than
# the model chosen by AIC from it and ``ph + power`` if ``ph`` is true.
precision = errors.set_index(["truth", "n", "model"])
precision.round(3)

# %%
# Censoring matters less than sample size. With heavy censoring there are more ridges, also for models with one scale.
by_share = ["aic_both_over_power", "both_degenerate", "power_degenerate"]
pooled(censored, by_share, ["part", "censoring"]).round(3)

# %%
# Do AIC and BIC find the truth?
# ------------------------------
# The table gives the share of data sets in which the true model is chosen among all that were fitted. Some of the
# errors do not concern the number of scales: for monotone hazards, ``aft`` and ``ph`` are nearly the same model. BIC
# is right more often if there is neither a second scale nor an effect on the power. It seldom finds both scales.
chosen = pooled(main, ["aic_truth", "bic_truth"], ["part", "truth", "n"])
chosen.round(3)

# %%
# Ridges are not candidates
# -------------------------
# Here, as in ``smx.compare``, a fit that is not a regular maximum is never chosen. The highest likelihood found by
# the search is not used instead. If it were, AIC would choose the second scale far more often where the truth has
# one, most of all in small samples. A high likelihood on a ridge is not evidence for the model. Rarely
# (``both_secondary``) a regular maximum of the full model is lower than the maximum of a model with one scale that it
# contains, because the supremum of its likelihood is on a ridge. The fit says that, too.
naive = pooled(
    main, ["aic_both_over_power", "naive_both_over_power", "both_secondary"], ["part", "true_scales", "n"]
)
naive.round(3)

# %%
# What we learnt
# --------------
# - One scale, chosen by AIC, with the covariate on scale and power is enough in most of these data sets, also if the
#   truth has both scales. The second scale is visible only for hazards that rise and fall, in larger samples. There
#   it is worth having.
# - The second scale hardly reduces the precision of survival. But half the fits to 100 subjects have no regular
#   maximum, and even with 1,000 only a minority are well determined.
# - Leaving out a true effect on the power is much worse than leaving out a true second scale.
# - BIC is safer if there is no second scale; AIC is right more often if there is one.
#
# The study has its limits: one set of effects, a balanced binary covariate, uniform censoring, and data from the
# family itself. The page checks its own numbers:
one, both = asked.loc["arm"].loc["one"], asked.loc["arm"].loc["both"]
assert (one["aic_both_over_power"] < 0.35).all()
assert (asked.xs("one", level="true_scales")["bic_both_over_power"] < 0.12).all()
assert both["aic_both_over_power"][1000] > both["aic_both_over_power"][100]
assert both["aic_both_over_power"][1000] < 0.6
assert (hard.loc[["increasing", "decreasing", "down-up"], "expected_loss"] < 0.2).all()
assert (hard.loc[["up-down", "cure"], "expected_loss"] > 4).all()
assert hard["aic_both_over_power"][["up-down", "cure"]].min() > 0.3
assert hard["aic_both_over_power"][["increasing", "decreasing", "down-up"]].max() < 0.25
sound = 1 - quality["both_degenerate"] - quality["both_weak"]
assert (sound < 0.4).all()
assert (quality["power_degenerate"] < 0.2).all()
assert quality.loc[("arm", 100), "both_degenerate"] > 0.35
full = precision.xs("both, aft + ph", level="model")
assert full["rmse_ratio_all"].between(0.85, 1.15).all()
assert precision.loc[("aft + power", 1000, "aft"), "rmse_ratio_all"] > 1.3
assert (chosen["bic_truth"].loc["arm"].loc["both"] < 0.3).all()
by_truth = naive.xs("one", level="true_scales")
assert (by_truth["naive_both_over_power"] > by_truth["aic_both_over_power"]).all()
