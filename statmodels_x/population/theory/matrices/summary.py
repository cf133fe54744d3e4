"""The text of a projection matrix: its numbers for the long run, and stage by stage."""

from __future__ import annotations

from typing import Any

import numpy as np

from statmodels_x.core.fits.tables import Block, number, summary


def matrix_summary(population: Any) -> Any:
    """Build the summary; see :meth:`MatrixPopulation.summary`."""
    facts = [
        ("Stages", str(len(population.stages))),
        ("Growth rate (lambda)", number(population.growth_rate)),
        ("log lambda", number(float(np.log(population.growth_rate)))),
        ("Damping ratio", number(population.damping_ratio)),
    ]
    notes = ["Rates are per step. Shares sum to 1, elasticities of lambda sum to 1."]
    if population.has_births:
        facts += [
            ("Net reproductive rate (R0)", number(population.net_reproductive_rate)),
            *(
                (f"Generation time ({definition})", number(population.generation_time(definition)))
                for definition in ("R0", "parents", "cohort")
            ),
        ]
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


def _stages(population: Any) -> Block:
    elasticities = population.elasticities().to_numpy()
    columns = [
        [number(v) for v in population.stable_distribution],
        [number(v) for v in population.reproductive_values],
        [number(v) for v in elasticities.sum(axis=0)],
        [number(v) for v in elasticities.sum(axis=1)],
    ]
    headings = ["stable share", "repr. value", "elast. from", "elast. into"]
    if population.has_births:
        columns.append([number(v) for v in population.life_expectancy()["mean"]])
        headings.append("life left")
    return Block("Stages", headings, list(map(str, population.stages)), list(zip(*columns, strict=True)))


def leslie_summary(population: Any) -> Any:
    """Build the summary; see :meth:`LeslieMatrix.summary`."""
    rate = population.growth_rate
    stops = population.outlives_breeders  # then only the cohort's generation time exists
    times = {
        d: np.nan if stops and d != "cohort" else population.generation_time(d)
        for d in ("R0", "parents", "cohort")
    }
    facts = [
        ("Classes", f"{population.ages}{' (the last a plus group)' if population.plus_group else ''}"),
        ("Growth rate (lambda)", number(rate)),
        ("log lambda", number(float(np.log(rate)))),
        ("Damping ratio", number(population.damping_ratio)),
        ("Net reproductive rate (R0)", number(population.net_reproductive_rate)),
        ("Generation time (R0)", number(times["R0"])),
        ("Generation time (parents)", number(times["parents"])),
        ("Generation time (cohort)", number(times["cohort"])),
    ]
    return summary("Leslie matrix", facts, [_classes(population)], _notes(population))


def _classes(population: Any) -> Block:
    k = population.ages
    elasticities = population.elasticities().to_numpy()
    survival = [number(v) for v in population.survival] + ["-"] * (k - len(population.survival))
    leaving = elasticities[1:].sum(axis=0) if k > 1 else np.zeros(k)
    births = elasticities[0].copy()
    if population.plus_group and k == 1:  # births and survivors share the only entry
        share = population.survival[0] / population.matrix[0, 0]
        births, leaving = births * (1.0 - share), births * share
    columns = [
        [number(v) for v in population.fecundity],
        survival,
        [number(v) for v in population.stable_distribution],
        [number(v) for v in population.reproductive_values],
        [number(v) for v in births],
        [number(v) for v in leaving],
    ]
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
