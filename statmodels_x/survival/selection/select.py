"""The door: formulas with all candidates, data and a criterion -> the chosen model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.findings import Finding, announce, quiet, warn
from statmodels_x.survival.background.sources import source_of
from statmodels_x.survival.distributions.family import Family
from statmodels_x.survival.fitted import sample_names
from statmodels_x.survival.partitioned.sample import PartitionedSample
from statmodels_x.survival.sample import Sample, read
from statmodels_x.survival.selection import reading, tables
from statmodels_x.survival.selection.findings import dropped_text, facts_of, findings_of
from statmodels_x.survival.selection.groups import Candidates, Keep, candidates_of
from statmodels_x.survival.selection.model import DEFAULTS, ChosenModel
from statmodels_x.survival.selection.results import SelectionResults
from statmodels_x.survival.selection.rules import Rules, rules_of
from statmodels_x.survival.selection.search import EVENTS_FOR_PATH, Found, Question, search, smallest_model
from statmodels_x.survival.selection.space import Space
from statmodels_x.survival.selection.stepwise import neighbours
from statmodels_x.survival.specification import ANCHOR, SCALE, Specification, specify


def select(
    formula: str,
    data: Any,
    distribution: str | Family = "apgw",
    scale: str = SCALE,
    other_scale: str | float | None = ANCHOR,
    power: str | float = "~ 1",
    shape: str | float = "~ 1",
    cure: str | None = None,
    cure_kind: str = "mixture",
    weights: str | ArrayLike | None = None,
    cluster: str | ArrayLike | None = None,
    time_unit: str | None = None,
    *,
    keep: Keep = None,
    criterion: str | float = "bic",
    method: str = "best",
    joint: bool = False,
    n: str = "nobs",
    holdout: float | None = None,
    seed: int = 0,
    keep_data: bool = False,
    background: Any = None,
) -> SelectionResults:
    r"""Select covariates for each parameter of a :class:`FlexibleSurvival`.

    Every term of every formula is a candidate. A covariate that stands on the scale and on the power is two
    candidates. The terms of a factor or a spline are selected together, and an interaction is only selected with its
    main effects. The search minimises :math:`-2\ell + \lambda k`, where :math:`\ell` is the log-likelihood and k the
    number of coefficients. All models are fitted to the rows that are complete in all candidates.

    Parameters
    ----------
    formula, data, distribution, scale, other_scale, power, shape, cure, cure_kind, weights, cluster, time_unit
        As in :class:`FlexibleSurvival`, with all candidates in the formulas. A ``"."`` on a right side stands for
        every column that is not used by the response, the weights, the clusters or the background. At most 200
        candidate coefficients are allowed.
    keep : str, sequence of str, or dict, optional
        Terms that are part of every model. A name such as ``"treatment"`` keeps the term on all parameters that have
        it. A dict such as ``{"power": "treatment"}`` keeps terms by parameter.
    criterion : {"bic", "aic"} or float
        The price :math:`\lambda` of a coefficient: log n for BIC, 2 for AIC, or a positive number.
    method : {"best", "path", "stepwise"}
        How models are searched:

        - ``"stepwise"`` starts from the smallest model, and adds and drops terms with exact fits;
        - ``"path"`` starts from the full model. It minimises a smooth approximation of the criterion while the
          approximation becomes more and more exact, and then adds and drops terms. It needs four events for each
          candidate coefficient;
        - ``"best"`` runs both and returns the model with the lower criterion. It runs only ``"stepwise"`` if there
          are too few events for ``"path"``.
    joint : bool
        Whether a term is selected for all parameters that have it, or for none.
    n : {"nobs", "events"}
        What n in log n counts: the observations or the events.
    holdout : float, optional
        Share of the rows (of the clusters, if there are any) that is held out of the search. The selected model is
        then also fitted to these rows. That fit is ``holdout`` of the result, and its standard errors, intervals and
        p-values are valid.
    seed : int
        Seed of the start values and of the split into the rows searched and the rows held out.
    keep_data : bool
        Whether a pickled or saved result contains the data.
    background : TableMatch, Rates, mapping or str, optional
        As in :class:`FlexibleSurvival`. It is part of every model. There is no ``background_factor``, ``external``
        or ``prior`` here: use them in a fit of the selected model.

    Returns
    -------
    SelectionResults
        ``best`` is the fit of the selected model. ``table``, ``path``, ``stability()``, ``plot()`` and ``summary()``
        describe the search.

    Raises
    ------
    FormulaError, DataError
        If a formula, a column or an option cannot be used, there are fewer than ten events or more than 200
        candidate coefficients, or there are too few events for ``method="path"``.
    IdentificationError
        If the model without any candidate has no regular maximum.

    Warns
    -----
    DataWarning
        If rows are left out because a candidate is missing, or larger models were not tried because of too few
        events.

    Notes
    -----
    Models with fewer than five events per selected coefficient are not tried. Standard errors and intervals of the
    selected model do not account for the selection; see ``stability()`` and ``holdout``. The treatment of a trial
    should be kept in the model with ``keep``, not selected.

    References
    ----------
    O'Neill and Burke (2023), Variable selection using a smooth information criterion for distributional regression
    models, Statistics and Computing 33, 71.

    Examples
    --------
    >>> import statmodels_x as smx
    >>> data = smx.datasets.load_veteran()
    >>> choice = smx.select("Surv(time, status) ~ treatment + celltype + karno + age", data,
    ...                     power="~ treatment + celltype + karno", keep={"ph": "treatment"})
    >>> choice.best.formula
    'Surv(time, status) ~ treatment + celltype + karno'
    """
    own = (distribution, scale, other_scale, power, shape, cure, cure_kind)
    source = source_of(background)
    given: dict[str, Any] = dict(zip(DEFAULTS, (*own, source), strict=True))
    rules = rules_of(criterion, method, joint, n, holdout, seed)
    frame, specification, given = _specified(
        formula, data, given, (weights, cluster, *(source.columns.values() if source is not None else ()))
    )
    rows = reading.complete_rows(frame, specification, weights, cluster)
    reading.check_complete(rows)
    parts = (rows, None) if holdout is None else reading.split_rows(rows, holdout, seed)
    run = partial(_searched, rows, parts[0], time_unit, keep, bool(joint), rules, seed)
    done = run(specification, given)
    limit = _limit_of(done)
    if limit is not None:
        value, finding = limit
        there: dict[str, Any] = {**given, "shape": value}
        at_limit = run(specify(specification.formula, **there), there)
        if at_limit.found.best.criterion < done.found.best.criterion:
            done = replace(at_limit, said=(finding,))
    best, held = done.model.fits(done.sample, parts, time_unit, keep_data)
    findings = (*done.said, *findings_of(done.question, done.space, done.found, rules, best))
    if len(rows.dropped):
        warn(dropped_text(rows), DataWarning)
    announce(findings)
    again = (done.question, done.found.best.chosen, done.found.null.theta)
    return SelectionResults(
        findings=findings,
        sample=again if isinstance(done.sample, Sample) else None,
        keep_data=keep_data,
        best=best,
        holdout=held,
        arguments=done.model.arguments(),
        facts=facts_of(rules, done.question, done.space, done.found, rows),
        frames={**done.frames(), "dropped": rows.dropped},
    )


@dataclass(frozen=True)
class _Searched:
    """A search, and what it was made of."""

    sample: Any
    question: Question
    space: Space
    found: Found
    model: ChosenModel
    said: tuple[Finding, ...] = ()

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return what the result shows of it."""
        candidates, best = self.question.candidates, self.found.best
        around = neighbours(self.space, best)
        parameters = dict.fromkeys(name for group in candidates.groups for name, _ in group.members)
        return {
            "candidates": tables.candidate_table(candidates, best, around),
            "table": tables.set_table(self.space, list(parameters)),
            "path": tables.path_table(self.space, self.found.path),
        }


def _searched(
    rows: reading.CompleteRows,
    own: reading.CompleteRows,
    time_unit: str | None,
    keep: Keep,
    joint: bool,
    rules: Rules,
    seed: int,
    specification: Specification,
    given: Mapping[str, Any],
) -> _Searched:
    """Read the rows under a model with all candidates, and search."""
    sample = _read(own, specification, time_unit)
    candidates = candidates_of(sample.specification, sample.design_specs, keep, joint)
    question = _question(sample, candidates, rules)
    _check_size(question, rules, rows)
    with quiet():
        question, start = smallest_model(question, seed)
        space = question.space()
        found = search(question, space, start, seed)
    return _Searched(
        sample, question, space, found, ChosenModel(specification, given, candidates, found, rules)
    )


def _limit_of(done: _Searched) -> tuple[float, Finding] | None:
    """Return the shape that a constant shape ran to in the chosen model: the search is then made there."""
    rows, specification = done.question.rows, done.model.specification
    shape = rows.slices[3]
    if rows.family is not None or not isinstance(done.model.given["shape"], str):
        return None
    if shape.stop - shape.start != 1 or shape.start not in done.found.best.pinned:
        return None
    value = done.found.best.theta[shape.start]
    if value < 1.0 and specification.cure_kind == "none":
        return None  # kappa = -1 is another form of model
    kappa = math.inf if value > 1.0 else 0.0
    text = (
        f"The shape ran to its limit, kappa = {'infinity' if kappa else '0'}: the search was made there, with one "
        "coefficient less in every model."
    )
    return kappa, Finding("at_limit", text, category=None)


def _specified(
    formula: str, data: Any, given: Mapping[str, Any], others: tuple[Any, ...]
) -> tuple[Any, Specification, dict[str, Any]]:
    """Write every ``"."`` out, and check what is modelled."""
    frame, columns = reading.column_names(data)
    full = reading.with_every_column(formula, columns, formula, others)
    written: dict[str, Any] = {
        name: reading.with_every_column(value, columns, formula, others)
        if name in reading.FORMULAS
        else value
        for name, value in given.items()
    }
    specification = specify(full, **written)
    reading.check_candidates(specification)
    return frame, specification, written


def _check_size(question: Question, rules: Rules, rows: reading.CompleteRows) -> None:
    """Refuse a search with too few events for what it asks."""
    events, size = question.events(), question.candidates.n_penalised
    reading.check_size(size, events, rows.dropped)
    if rules.method == "path" and not question.path_is_allowed():
        raise DataError(
            f'select(): method="path" starts from the full model, and {events:g} events are too few for {size} '
            f'candidate coefficients ({EVENTS_FOR_PATH} each are needed): take method="stepwise", or fewer candidates.'
        )


def _read(rows: reading.CompleteRows, specification: Specification, time_unit: str | None) -> Any:
    with quiet():  # what is left out is told once, by column
        return read(rows.frame, specification, rows.columns["weights"], rows.columns["cluster"], time_unit)


def _question(sample: Sample | PartitionedSample, candidates: Candidates, rules: Rules) -> Question:
    clusters = np.zeros(0, np.intp)
    if isinstance(sample, Sample) and sample.has_clusters:
        clusters = np.asarray(pd.factorize(sample.frame.columns["cluster"])[0])
    question = Question(
        sample.arrays,
        candidates,
        sample_names(sample),
        sample.specification.scale,
        rules.method,
        rules.lam,
        rules.by_events,
        sample.has_frequency_weights,
        clusters,
    )
    if rules.method == "best" and not question.path_is_allowed():
        return replace(question, method="stepwise")  # in every part of the rows, too
    return question
