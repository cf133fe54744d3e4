"""What a user must know of a search, and how it went."""

from __future__ import annotations

from statmodels_x.core.errors import DataWarning
from statmodels_x.core.findings import Finding
from statmodels_x.survival.results import FlexibleSurvivalResults
from statmodels_x.survival.selection.fitted import SearchFacts
from statmodels_x.survival.selection.reading import CompleteRows
from statmodels_x.survival.selection.rules import Rules
from statmodels_x.survival.selection.search import EVENTS_FOR_CHOICE, EVENTS_FOR_PATH, Found, Question
from statmodels_x.survival.selection.space import Space, Submodel

_SAME = 1e-3


def facts_of(rules: Rules, question: Question, space: Space, found: Found, rows: CompleteRows) -> SearchFacts:
    """Return how a search went."""
    best = found.best
    return SearchFacts(
        criterion=rules.criterion,
        lam=space.lam,
        method=rules.method,
        found_by=tuple(way for way, end in found.ends.items() if end.chosen == best.chosen),
        ends={way: end.criterion for way, end in found.ends.items()},
        coefficients=question.candidates.n_penalised,
        n_models=space.n_fits,
        n_rows=rows.n_rows,
        n_used=rows.n_used,
        value=best.criterion,
    )


def findings_of(
    question: Question, space: Space, found: Found, rules: Rules, best: FlexibleSurvivalResults
) -> tuple[Finding, ...]:
    """Say what a user must know of a search."""
    said = []
    groups, events = question.candidates.groups, question.events()
    if rules.method == "best" and found.path is None:
        said.append(
            Finding(
                "no_path",
                f"The path was not followed: {events:g} events for {question.candidates.n_penalised} candidate "
                f"coefficients ({EVENTS_FOR_PATH} each are needed); the set was found by steps alone.",
                category=None,
            )
        )
    size = question.candidates.size(found.best.chosen)
    if size + min((groups[k].size for k in space.free if k not in found.best.chosen), default=1) > space.most:
        said.append(
            Finding(
                "too_many",
                f"{size} coefficients were chosen, and {events:g} events allow {space.most} "
                f"({EVENTS_FOR_CHOICE} events each): larger sets were not tried.",
                "They would follow the noise; name fewer candidates.",
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


def dropped_text(rows: CompleteRows) -> str:
    """Say how many rows are left out, and what each column costs."""
    listed = ", ".join(
        f"{name} ({row['missing']}; without it {row['regained']} rows more)"
        for name, row in rows.dropped.iterrows()
    )
    return (
        f"select(): {rows.n_rows - rows.n_used} of {rows.n_rows} rows are left out, since candidates must be "
        f"complete for all models; missing values: {listed}"
    )
