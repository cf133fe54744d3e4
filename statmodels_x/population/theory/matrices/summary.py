"""The text of a projection matrix: its numbers for the long run, and stage by stage."""

from __future__ import annotations

from typing import Any

import numpy as np

from statmodels_x.core.fits.blocks import Block
from statmodels_x.core.fits.tables import number, summary

_TIMES = ("R0", "parents", "cohort")


def matrix_summary(population: Any) -> Any:
    """Build the summary; see :meth:`MatrixPopulation.summary`."""
    facts = [("Stages", str(len(population.stages))), *_long_run(population)]
    notes = ["Rates are per step. Shares sum to 1, elasticities of lambda sum to 1."]
    if population.has_births:
        facts += _generations(population, _TIMES)
    else:
        notes.append(
            "Births are not told from survival: give MatrixPopulation(U, F) for R0 and generation times."
        )
    if not population.is_irreducible:
        notes.append("Some stages have no descendants in some others (reducible).")
    elif not population.is_primitive:
        notes.append(
            "Births come in waves that never die away (imprimitive): the population does not approach the stable "
            "shares."
        )
    return summary("Matrix population", facts, [_stages(population)], notes)


def _long_run(population: Any) -> list[tuple[str, str]]:
    rate = population.growth_rate
    return [
        ("Growth rate (lambda)", number(rate)),
        ("log lambda", number(float(np.log(rate)))),
        ("Damping ratio", number(population.damping_ratio)),
    ]


def _generations(population: Any, exist: tuple[str, ...]) -> list[tuple[str, str]]:
    times = {name: population.generation_time(name) if name in exist else np.nan for name in _TIMES}
    return [
        ("Net reproductive rate (R0)", number(population.net_reproductive_rate)),
        *((f"Generation time ({name})", number(value)) for name, value in times.items()),
    ]


def _stages(population: Any) -> Block:
    elasticities = population.elasticities().to_numpy()
    columns = [*_shares(population), *map(_cells, (elasticities.sum(axis=0), elasticities.sum(axis=1)))]
    headings = ["stable share", "repr. value", "elast. from", "elast. into"]
    if population.has_births:
        columns.append(_cells(population.life_expectancy()["mean"]))
        headings.append("life left")
    return Block("Stages", headings, list(map(str, population.stages)), list(zip(*columns, strict=True)))


def _cells(values: Any) -> list[str]:
    return [number(v) for v in values]


def _shares(population: Any) -> list[list[str]]:
    return [_cells(population.stable_distribution), _cells(population.reproductive_values)]


def leslie_summary(population: Any) -> Any:
    """Build the summary; see :meth:`LeslieMatrix.summary`."""
    facts = [
        ("Classes", f"{population.ages}{' (the last a plus group)' if population.plus_group else ''}"),
        *_long_run(population),
        *_generations(population, ("cohort",) if population.outlives_breeders else _TIMES),
    ]
    return summary("Leslie matrix", facts, [_classes(population)], _notes(population))


def _classes(population: Any) -> Block:
    k = population.ages
    elasticities = population.elasticities().to_numpy()
    survival = _cells(population.survival) + ["-"] * (k - len(population.survival))
    leaving = elasticities[1:].sum(axis=0) if k > 1 else np.zeros(k)
    births = elasticities[0].copy()
    if population.plus_group and k == 1:  # births and survivors share the only entry
        share = population.survival[0] / population.matrix[0, 0]
        births, leaving = births * (1.0 - share), births * share
    columns = [
        _cells(population.fecundity), survival, *_shares(population), _cells(births), _cells(leaving),
    ]  # fmt: skip
    headings = ["fecundity", "survival", "stable share", "repr. value", "elast. fec.", "elast. surv."]
    labels = [f"class {j}" for j in range(1, k + 1)]
    return Block("Classes", headings, labels, list(zip(*columns, strict=True)))


def _notes(population: Any) -> list[str]:
    notes = [
        "Rates are per step. Shares sum to 1, "
        + ("" if population.outlives_breeders else "reproductive values are relative to class 1, ")
        + "elasticities of lambda sum to 1."
    ]
    if population.period > 1 and not population.outlives_breeders:
        notes.append(
            f"Births come in waves of period {population.period} (imprimitive): the stable shares are an average that "
            "the population does not approach."
        )
    if not population.is_irreducible:
        last = int(np.flatnonzero(population.fecundity)[-1]) + 1
        notes.append(
            f"Classes after {last} have no offspring and outlive the breeders: in the long run only they remain, "
            "lambda is the survival in the plus group, and shares, reproductive values and elasticities are those of a "
            "population without births."
            if population.outlives_breeders
            else f"Classes after {last} have no offspring (reducible); their reproductive value is 0."
        )
    return notes
