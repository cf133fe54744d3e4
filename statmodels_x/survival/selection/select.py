"""The door: formulas with all candidates, data and a criterion -> the chosen model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.findings import Finding, announce, quiet, warn
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice, check_count, check_number
from statmodels_x.survival.distributions.family import Family
from statmodels_x.survival.fitted import sample_names
from statmodels_x.survival.model import FlexibleSurvival
from statmodels_x.survival.partitioned.sample import PartitionedSample
from statmodels_x.survival.results import FlexibleSurvivalResults
from statmodels_x.survival.sample import Sample, read
from statmodels_x.survival.selection import reading, tables
from statmodels_x.survival.selection.chosen import AfterSelection, SelectedSurvivalResults
from statmodels_x.survival.selection.fitted import SearchFacts
from statmodels_x.survival.selection.groups import Candidates, Keep, candidates_of, formula_text
from statmodels_x.survival.selection.results import SelectionResults
from statmodels_x.survival.selection.search import (
    EVENTS_FOR_CHOICE,
    EVENTS_FOR_PATH,
    METHODS,
    Found,
    Question,
    search,
    smallest_model,
)
from statmodels_x.survival.selection.space import Space, Submodel
from statmodels_x.survival.selection.stepwise import neighbours
from statmodels_x.survival.specification import ANCHOR, SCALE, Specification, specify

_DEFAULTS = {
    "distribution": "apgw",
    "scale": SCALE,
    "other_scale": ANCHOR,
    "power": "~ 1",
    "shape": "~ 1",
    "cure": None,
    "cure_kind": "mixture",
}
_SAME = 1e-3


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
) -> SelectionResults:
    r"""Choose which covariates act on which parameter of a :class:`FlexibleSurvival`.

    Every term of every formula is a candidate: the same covariate on the scale and on the power is two. A factor or a
    spline is in or out as a whole, and an interaction brings its main effects along. The search minimises
    :math:`-2\ell + \lambda \cdot` (number of coefficients), on the rows that are complete in all candidates.

    Parameters
    ----------
    formula, data, distribution, scale, other_scale, power, shape, cure, cure_kind, weights, cluster, time_unit
        As in :class:`FlexibleSurvival`, with all candidates in the formulas. ``"."`` on a right side stands for every
        column that is neither in the response, the weights nor the clusters (up to 200).
    keep : str, sequence of str, or dict, optional
        Terms that stay in every model: on all parameters that have them (``"treatment"``), or by parameter
        (``{"power": "treatment"}``).
    criterion : {"bic", "aic"} or float
        The price :math:`\lambda` of a coefficient: log n, 2, or a positive number.
    method : {"best", "path", "stepwise"}
        ``"stepwise"`` starts from the smallest model and adds and drops terms with exact fits. ``"path"`` starts from
        the full model, follows a smooth form of the criterion as its corner sharpens, and then adds and drops;
        it needs eight events for each candidate coefficient. ``"best"`` does both, the second where it can, and
        returns the lower end.
    joint : bool
        Whether a term is in or out on all parameters at once.
    n : {"nobs", "events"}
        What n counts in log n.
    holdout : float, optional
        Share of the rows (of the clusters) that is held out of the search: the chosen model is then also fitted to
        these, ``holdout`` of the result, where errors, intervals and p-values are valid.
    seed : int
        Of the starts, and of the rows held out.
    keep_data : bool
        Whether a pickled or saved result carries the data.

    Returns
    -------
    SelectionResults
        With ``best``, the fit of the chosen model; ``table``, ``path``, ``stability()``, ``plot()``, ``summary()``.

    Raises
    ------
    FormulaError, DataError
        If a formula, a column or an option cannot be used, there are fewer than ten events, more than 200 candidate
        coefficients, or (``method="path"``) too few events for the full model.
    IdentificationError
        If the model without candidates has no regular maximum.

    Warns
    -----
    DataWarning
        If rows are left out because candidates are missing, or the path was not followed.

    Notes
    -----
    A chosen set is an estimate, and its errors and intervals are not adjusted for the search; see ``stability()`` and
    ``holdout``. The treatment of a trial should be kept, not chosen.

    References
    ----------
    O'Neill and Burke (2023), Statistics and Computing 33, 71.

    Examples
    --------
    >>> import statmodels_x as smx
    >>> data = smx.datasets.load_veteran()
    >>> choice = smx.select("Surv(time, status) ~ treatment + celltype + karno + age", data,
    ...                     power="~ treatment + celltype + karno", keep={"ph": "treatment"})
    >>> choice.best.formula
    'Surv(time, status) ~ treatment + celltype + karno'
    """
    frame, columns = reading.column_names(data)
    given = dict(zip(_DEFAULTS, (distribution, scale, other_scale, power, shape, cure, cure_kind), strict=True))
    others = (weights, cluster)
    full = reading.with_every_column(formula, columns, formula, others)
    given |= {
        name: reading.with_every_column(given[name], columns, formula, others)
        for name in ("other_scale", "power", "shape", "cure")
    }
    specification = specify(full, **given)
    reading.check_candidates(specification)
    rules = _rules(criterion, method, joint, n, holdout, seed)
    rows = reading.complete_rows(frame, specification, weights, cluster)
    parts = (rows, None) if holdout is None else reading.split_rows(rows, holdout, seed)
    sample = _read(parts[0], specification, time_unit)
    candidates = candidates_of(sample.specification, sample.design_specs, keep, joint)
    question = _question(sample, candidates, rules)
    events = question.events()
    reading.check_size(candidates.n_penalised, events, rows.dropped)
    if method == "path" and not question.path_is_allowed():
        raise DataError(
            f'select(): method="path" starts from the full model, and {events:g} events are too few for '
            f"{candidates.n_penalised} candidate coefficients ({EVENTS_FOR_PATH} each are needed): take "
            'method="stepwise", or fewer candidates.'
        )
    with quiet():
        if not question.path_is_allowed():
            question = replace(question, method="stepwise")  # in every part of the rows, too
        question, start = smallest_model(question, seed)
        space = question.space()
        found = search(question, space, start, seed)
        around = neighbours(space, found.best)
    made = _Made(specification, given, candidates, found, rules)
    best, held = made.fits(sample, parts, time_unit, keep_data)
    findings = _findings(question, space, found, made, best)
    if len(rows.dropped):
        warn(_dropped_text(rows), DataWarning)
    announce(findings)
    in_memory = isinstance(sample, Sample)
    return SelectionResults(
        findings=findings,
        sample=(question, found.best.chosen, found.null.theta) if in_memory else None,
        keep_data=keep_data,
        best=best,
        holdout=held,
        arguments=made.arguments(),
        facts=_facts(rules, question, space, found, rows, sample),
        frames={
            "candidates": tables.candidate_table(candidates, found.best, around),
            "table": tables.set_table(space, list(dict.fromkeys(m[0] for g in candidates.groups for m in g.members))),
            "path": tables.path_table(space, found.path),
            "dropped": rows.dropped,
        },
    )


@dataclass(frozen=True)
class _Rules:
    """Checked options of the search."""

    criterion: str
    lam: float | None
    method: str
    by_events: bool


def _rules(criterion: Any, method: Any, joint: Any, n: Any, holdout: Any, seed: Any) -> _Rules:
    check_choice("method", method, METHODS, "select()")
    check_choice("n", n, ("nobs", "events"), "select()")
    check_count("seed", seed, 0, most=None)
    if not isinstance(joint, bool | np.bool_):
        raise DataError(f"select(): `joint` is {joint!r}; give True or False.")
    if holdout is not None:
        check_number("holdout", holdout, low=0.0, high=1.0)
    if isinstance(criterion, str) and criterion.lower() in ("bic", "aic"):
        name = criterion.upper()
        return _Rules(name, None if name == "BIC" else 2.0, method, n == "events")
    number = isinstance(criterion, Real) and not isinstance(criterion, bool)
    if not number or not 0.0 < float(criterion) < math.inf:
        raise DataError(
            f'select(): `criterion` is {criterion!r}; give "bic", "aic", or a positive number, the price of a '
            "coefficient (2 is the AIC's)."
        )
    return _Rules(f"price {float(criterion):g}", float(criterion), method, n == "events")


def _read(rows: reading.CompleteRows, specification: Specification, time_unit: str | None) -> Any:
    with quiet():  # what is left out is told once, by column
        return read(rows.frame, specification, rows.columns["weights"], rows.columns["cluster"], time_unit)


def _question(sample: Sample | PartitionedSample, candidates: Candidates, rules: _Rules) -> Question:
    clusters = np.zeros(0, np.intp)
    if isinstance(sample, Sample) and sample.has_clusters:
        clusters = np.asarray(pd.factorize(sample.frame.columns["cluster"])[0])
    return Question(
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


@dataclass(frozen=True)
class _Made:
    """The chosen model, to be fitted as any other."""

    specification: Specification
    given: Mapping[str, Any]
    candidates: Candidates
    found: Found
    rules: _Rules

    @property
    def chosen(self) -> frozenset[int]:
        """Its groups."""
        return self.found.best.chosen

    def arguments(self) -> dict[str, Any]:
        """What to type for it: formulas with the chosen terms, and the options that are no default."""
        model = self.specification
        texts = {
            name: formula_text(part, tables.terms_of(self.candidates, self.chosen, name))
            for name, part in model.parts.items()
        }
        left = model.formula.partition("~")[0].strip()
        other = "ph" if model.scale == "aft" else "aft"
        typed = {"formula": f"{left} ~ {texts[model.scale]}"}
        places = {other: "other_scale", "power": "power", "shape": "shape", "cure": "cure"}
        typed |= {
            places[name]: f"~ {text}"
            for name, text in texts.items()
            if name != model.scale and isinstance(self.given[places[name]], str)
            and self.given[places[name]].startswith("~")
        }  # fmt: skip
        rest = {key: value for key, value in self.given.items() if key not in typed}
        typed |= {key: value for key, value in rest.items() if value is not _DEFAULTS[key]}
        return {
            key: value for key, value in typed.items() if key == "formula" or value != _DEFAULTS[key] or key in rest
        }

    def mark(self) -> AfterSelection:
        """Say what it was chosen from."""
        free = set(self.candidates.free)
        return AfterSelection(
            self.rules.criterion, len(free), len(free & self.chosen), len(self.candidates.smallest)
        )

    def fits(
        self, sample: Any, parts: tuple[Any, Any], time_unit: str | None, keep_data: bool
    ) -> tuple[SelectedSurvivalResults, FlexibleSurvivalResults | None]:
        """Fit it to the rows that were searched, and to those held out."""
        theta = self.found.best.theta
        outer = theta if sample.columns is None else sample.columns.outer(theta)
        start = outer[self.candidates.columns(self.chosen)]
        best = _fitted(self.arguments(), parts[0], time_unit, keep_data, start)
        dropped = parts[0].dropped["missing"].to_dict()
        n_lost = 0 if isinstance(sample, PartitionedSample) else parts[0].n_rows - len(parts[0].frame)
        if parts[1] is None and dropped:
            best = replace(best, facts=replace(best.facts, rows=best.facts.rows + n_lost, dropped=dropped))
        held = None if parts[1] is None else self._held_out(parts[1], time_unit, keep_data)
        return SelectedSurvivalResults.after(best, self.mark()), held

    def _held_out(self, rows: Any, time_unit: str | None, keep_data: bool) -> FlexibleSurvivalResults:
        try:
            return _fitted(self.arguments(), rows, time_unit, keep_data, None)
        except DataError as error:
            raise DataError(
                f"select(): the chosen model cannot be fitted to the rows held out ({error}); hold more rows out, "
                "or merge rare levels."
            ) from error


def _fitted(
    arguments: Mapping[str, Any], rows: Any, time_unit: str | None, keep_data: bool, start: Array | None
) -> FlexibleSurvivalResults:
    own = {**arguments, **rows.columns}
    formula = own.pop("formula")
    model = FlexibleSurvival(formula, rows.frame, time_unit=time_unit, **own)
    try:
        return model.fit(start=start, keep_data=keep_data)
    except TypeError as error:  # pragma: no cover
        raise DataError(str(error)) from error


def _facts(
    rules: _Rules, question: Question, space: Space, found: Found, rows: reading.CompleteRows, sample: Any
) -> SearchFacts:
    best = found.best
    used = sample.arrays.n
    return SearchFacts(
        criterion=rules.criterion,
        lam=space.lam,
        method=rules.method,
        found_by=tuple(way for way, end in found.ends.items() if end.chosen == best.chosen),
        ends={way: end.criterion for way, end in found.ends.items()},
        coefficients=question.candidates.n_penalised,
        n_models=len(space.fits),
        n_rows=rows.n_rows or sample.n_rows,
        n_used=len(rows.frame) if rows.n_rows else used,
        value=best.criterion,
    )


def _findings(
    question: Question, space: Space, found: Found, made: _Made, best: FlexibleSurvivalResults
) -> tuple[Finding, ...]:
    """What a user must know of the search."""
    said = []
    groups, events = question.candidates.groups, question.events()
    if made.rules.method == "best" and found.path is None:
        said.append(
            Finding(
                "no_path",
                f"The path was not followed: {events:g} events for {question.candidates.n_penalised} candidate "
                f"coefficients ({EVENTS_FOR_PATH} each are needed); the set was found by steps alone.",
                category=None,
            )
        )
    if question.candidates.size(found.best.chosen) + 1 > space.most:
        said.append(
            Finding(
                "too_many",
                f"The search stopped at {question.candidates.size(found.best.chosen)} chosen coefficients: with "
                f"{events:g} events at most {space.most} may be chosen ({EVENTS_FOR_CHOICE} events each).",
                "Larger sets follow the noise: name fewer candidates.",
                category=DataWarning,
            )
        )
    if found.path is not None and found.path.undecided:
        names = ", ".join(groups[k].label for k in found.path.undecided)
        said.append(Finding("undecided", f"The path ended between in and out for {names}.", category=None))
    return (*said, *_irregular(space, found), *_refit(found, best, space))


def _irregular(space: Space, found: Found) -> list[Finding]:
    """Name the candidates without which the chosen model is regular, and with which it is not."""
    here, groups = found.best.chosen, space.candidates.groups
    bad: dict[str, Submodel] = {}
    for k in space.free:
        larger = space.candidates.with_group(here, k)
        fit = space.fits.get(larger)
        if k not in here and fit is not None and fit.problem:
            bad[groups[k].label] = fit
    if not bad:
        return []
    named = ", ".join(f"{name} ({fit.problem})" for name, fit in bad.items())
    text = f"Left out, since the model with it has no regular maximum: {named}."
    return [Finding("irregular", text, category=None)]


def _refit(found: Found, best: FlexibleSurvivalResults, space: Space) -> list[Finding]:
    """Say where the ordinary fit is another than that of the search: a higher mode, or a limit of the family."""
    value = -2.0 * best.llf + space.lam * best.df_model
    if abs(value - found.best.criterion) < _SAME:
        return []
    why = "stands at a limit of the family" if best.limit else "found another maximum"
    text = (
        f"The final fit {why}: its criterion is {value:.3f}, that of the same set in the search "
        f"{found.best.criterion:.3f}."
    )
    return [Finding("refit", text, category=None)]


def _dropped_text(rows: reading.CompleteRows) -> str:
    listed = ", ".join(
        f"{name} ({row['missing']}; without it {row['regained']} rows more)" for name, row in rows.dropped.iterrows()
    )
    return (
        f"select(): {rows.n_rows - len(rows.frame)} of {rows.n_rows} rows are left out, since candidates must be "
        f"complete for all models; missing values: {listed}"
    )
