"""Tests: one model within another, and whether the time of entry matters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.findings import quiet
from statmodels_x.core.fits.hypotheses import HypothesisTest, hypothesis_test
from statmodels_x.core.fits.reference import NORMAL
from statmodels_x.multistate.fitted import MultiStateFitted
from statmodels_x.multistate.fitting.estimation import clock_rows, survival_model
from statmodels_x.multistate.inference.nesting import check_nested
from statmodels_x.multistate.specification import arrow


def likelihood_ratio(small: MultiStateFitted, large: MultiStateFitted) -> HypothesisTest:
    """Sum of the likelihood-ratio tests of the transitions; see :meth:`MultiStateResults.lr_test`."""
    if (small.nobs, small.n_events, small.transitions) != (large.nobs, large.n_events, large.transitions):
        raise DataError("lr_test: the two models were fitted to different subjects or transitions.")
    if small.specification.clocks != large.specification.clocks:
        raise DataError("lr_test: models with other clocks are not nested; compare by AIC.")
    for fit in (small, large):
        if not fit.is_regular:
            name = next(name for name, part in fit.fits.items() if not part.is_regular)
            raise DataError(
                f"lr_test: the fit of {name!r} is on a ridge, or has too few events for its parameters, and has no "
                "likelihood-ratio test; see `warnings`."
            )
    together = [model.transitions for model in small.specification.models]
    if together == [model.transitions for model in large.specification.models]:
        statistic, df = _sum_of_tests(small, large)
    else:
        check_nested(small, large)
        statistic, df = max(2.0 * (large.llf - small.llf), 0.0), large.df_model - small.df_model
    if not df:
        raise DataError("lr_test: the two models are the same.")
    return hypothesis_test(statistic, df, NORMAL.joint(statistic, df)[1], "Likelihood-ratio test")


def _sum_of_tests(small: MultiStateFitted, large: MultiStateFitted) -> tuple[float, int]:
    """Sum the tests of the transitions, where both models fit the same ones together."""
    statistic, df = 0.0, 0
    for name, one in small.fits.items():
        other = large.fits[name]
        if one.coefficients.index.equals(other.coefficients.index) and np.isclose(
            one.llf, other.llf, rtol=1e-10
        ):
            continue
        test = one.lr_test(other)
        statistic, df = statistic + float(test["statistic"]), df + int(test["df"])
    return statistic, df


def markov_test(fit: MultiStateFitted) -> pd.DataFrame:
    """Likelihood-ratio tests of the time of entry as a covariate; see :meth:`MultiStateResults.markov_test`."""
    data, specification = fit.need_sample("markov_test"), fit.specification
    graph, rows = specification.graph, []
    for origin, to in graph.transitions:
        name = arrow(origin, to)
        model = specification.model_of(name)
        if origin == graph.start:
            continue
        if len(model.transitions) > 1 or model.uses_entry:
            raise DataError(
                f"markov_test: {name!r} is stacked, or has the time of entry as a covariate already."
            )
        small = fit.fits[model.label]
        larger = replace(model, formula=f"{model.formula} + entered", distribution=small.specification.family)
        options = {
            key: value for key, value in model.options.items() if key not in small.specification.family.fixed
        }
        larger = replace(larger, options=options)
        with quiet():
            table = clock_rows(data, specification, larger)
            wide = survival_model(larger, table, fit.facts.weighted, fit.facts.time_unit).fit(
                cov_type="observed"
            )
        test = small.lr_test(wide)
        effect = next(value for (_, term), value in wide.coefficients.items() if term == "entered")
        clock = specification.clocks[name]
        rows.append((name, clock, effect, float(test["statistic"]), int(test["df"]), float(test["p.value"])))
    if not rows:
        raise DataError(
            "markov_test: every transition starts from the first state, which all enter at time 0."
        )
    return pd.DataFrame(rows, columns=["transition", "clock", "effect", "statistic", "df", "p.value"])
