"""Ranks of designs: exact ones against decimal arithmetic with finite differences, and the known counts."""

import pickle
from decimal import Decimal, localcontext

import numpy as np
import pytest

from statmodels_x.core.errors import DataError
from statmodels_x.population.fitting.structural import structural_rank

SIZES = [1, 2, 3, 4, 5]


@pytest.mark.parametrize("k", SIZES)
@pytest.mark.parametrize("interaction", ["competition", "predation"])
def test_two_totals_of_a_linear_system_carry_6k_numbers(k, interaction):
    scalar, diagonal, full = (structural_rank(interaction, (k, k), c) for c in ("scalar", "diagonal", "full"))
    assert (scalar.n_params, scalar.rank, scalar.deficit) == (6 * k, 6 * k, 0)
    assert (diagonal.n_params, diagonal.rank, diagonal.deficit) == (8 * k - 2, 6 * k, 2 * k - 2)
    assert (full.n_params, full.rank, full.deficit) == (2 * k * k + 6 * k - 2, 6 * k, 2 * k * k - 2)
    assert all(scalar.identified)
    assert {s.n_series for s in (scalar, diagonal, full)} == {2}


@pytest.mark.parametrize("k", SIZES)
def test_one_species_carries_2k_numbers(k):
    found = structural_rank("single", (k,))
    assert (found.n_params, found.rank, found.n_series) == (3 * k - 1, 2 * k, 1)


@pytest.mark.parametrize("k", SIZES)
def test_complex_systems_carry_at_most_4k_numbers(k):
    # the spectrum of A + iB and its conjugate, and one complex amplitude each
    for coupling, rank in (("scalar", 3 * k + 1), ("diagonal", 4 * k), ("full", 4 * k)):
        assert structural_rank("complex", (k, k), coupling).rank == rank


@pytest.mark.parametrize("k", SIZES)
def test_leslie_gower_competition_carries_4k_plus_4_numbers(k):
    # the denominators are functions of the totals: 2k numbers a species as if alone, and four coefficients
    found = structural_rank("competition", (k, k), density="leslie-gower")
    assert (found.n_params, found.rank) == (6 * k + 2, 4 * k + 4)
    joint = structural_rank("competition", (k, k), density="leslie-gower", alone=True)
    assert joint.rank == found.rank + 2 * k


# ---- the same ranks from finite differences in 120 digits, by code that shares nothing with the module


def leslie(take, k):
    rows = [[Decimal(0)] * k for _ in range(k)]
    rows[0] = [take() for _ in range(k)]
    for i in range(1, k):
        rows[i][i - 1] = take()
    return rows


def coupling_matrix(take, rows, columns, kind):
    out = [[Decimal(0)] * columns for _ in range(rows)]
    shared = take() if kind == "scalar" else None
    for i in range(rows):
        for j in range(columns):
            if kind == "full" or i == j:
                out[i][j] = take() if shared is None else shared
    return out


def times(matrix, vector):
    return [sum((a * b for a, b in zip(row, vector, strict=True)), Decimal(0)) for row in matrix]


def totals(theta, interaction, ages, coupling, density, n):
    values = iter(theta)

    def take():
        return next(values)

    A, D = leslie(take, ages[0]), leslie(take, ages[1])
    B = C = None
    if not (density and interaction == "competition"):
        B = coupling_matrix(take, ages[0], ages[1], coupling)
        C = coupling_matrix(take, ages[1], ages[0], coupling)
    a = [take() for _ in range({"competition": 4, "predation": 3}[interaction])] if density else None
    x, y = [take() for _ in range(ages[0])], [take() for _ in range(ages[1])]
    out = []
    for _ in range(n):
        X, Y = sum(x), sum(y)
        out += [X, Y]
        new_x, new_y, to_x, to_y = times(A, x), times(D, y), None, None
        if B is not None:
            to_x, to_y = times(B, y), times(C, x)
            new_x = [p - q for p, q in zip(new_x, to_x, strict=True)]
        if density and interaction == "competition":
            new_x = [v / (1 + a[0] * X + a[1] * Y) for v in new_x]
            new_y = [v / (1 + a[2] * X + a[3] * Y) for v in new_y]
        elif density:
            new_x = [v / (1 + a[0] * X) for v in new_x]
            new_y = [v / (1 + a[1] * Y) + w / (1 + a[2] * X) for v, w in zip(new_y, to_y, strict=True)]
        elif interaction == "competition":
            new_y = [p - q for p, q in zip(new_y, to_y, strict=True)]
        else:
            new_y = [p + q for p, q in zip(new_y, to_y, strict=True)]
        x, y = new_x, new_y
    return out


def decimal_rank(rows, tolerance=Decimal("1e-20")):
    rows, rank = [[*r] for r in rows], 0
    for column in range(len(rows[0])):
        best = max(range(rank, len(rows)), key=lambda i: abs(rows[i][column]), default=None)
        if best is None or abs(rows[best][column]) < tolerance:
            continue
        rows[rank], rows[best] = rows[best], rows[rank]
        for i in range(rank + 1, len(rows)):
            factor = rows[i][column] / rows[rank][column]
            rows[i] = [p - factor * q for p, q in zip(rows[i], rows[rank], strict=True)]
        rank += 1
    return rank


@pytest.mark.parametrize("density", [None, "leslie-gower"])
@pytest.mark.parametrize("coupling", ["scalar", "diagonal", "full"])
@pytest.mark.parametrize("ages", [(1, 1), (1, 2), (2, 2)])
@pytest.mark.parametrize("interaction", ["competition", "predation"])
def test_against_finite_differences_in_many_digits(interaction, ages, coupling, density):
    found = structural_rank(interaction, ages, coupling, density)
    rng = np.random.default_rng(3)
    with localcontext(prec=120):
        theta = [Decimal(v) for v in rng.uniform(0.2, 1.5, found.n_params)]
        h, n = Decimal("1e-40"), found.n_params // 2 + 3
        columns = []
        for q in range(found.n_params):
            sides = [[*theta], [*theta]]
            sides[0][q] += h
            sides[1][q] -= h
            up, down = (totals(side, interaction, ages, coupling, density, n) for side in sides)
            columns.append([(u - d) / (2 * h) for u, d in zip(up, down, strict=True)])
        rows = [list(row) for row in zip(*columns, strict=True)]
        # the size of a row is no information
        rows = [[v / max(abs(w) for w in row) for v in row] for row in rows]
        assert decimal_rank(rows) == found.rank
        for q, known in enumerate(found.identified):
            unit = [Decimal(int(j == q)) for j in range(found.n_params)]
            assert (decimal_rank([*rows, unit]) == found.rank) == known


# ---- what else a design can do


def test_stable_start_takes_the_stable_age_distribution():
    # under a common denominator a stable structure stays, so that totals see the growth rate alone
    found = structural_rank("competition", (3, 3), density="leslie-gower", initial="stable")
    assert found.rank == 8
    assert dict(zip(found.names, found.identified, strict=True))["a_xy"]
    assert not dict(zip(found.names, found.identified, strict=True))["A[1,3]"]
    assert structural_rank("single", (3,), initial="stable").rank == 2


def test_cultures_alone_identify_more():
    # scalar coupling is determined anyway; of diagonal coupling more is known with the species seen alone
    mixed = structural_rank("competition", (2, 2), "diagonal", initial="given")
    joint = structural_rank("competition", (2, 2), "diagonal", initial="given", alone=True)
    assert mixed.n_params == joint.n_params == 10
    assert joint.n_series == 4
    assert joint.rank >= mixed.rank
    assert sum(joint.identified) > sum(structural_rank("competition", (2, 2), "diagonal").identified)


def test_few_days_lower_the_rank():
    full = structural_rank("competition", (2, 2))
    assert structural_rank("competition", (2, 2), observed=range(3)).rank == 6 < full.rank
    assert structural_rank("competition", (2, 2), observed=[0, 2, 3, 4, 5, 6, 9]).rank == full.rank


def test_initial_values_given_are_no_parameters():
    free, given = (structural_rank("competition", (2, 2), initial=i) for i in ("free", "given"))
    assert free.n_params - given.n_params == 4
    assert structural_rank("competition", (2, 2), initial="totals").n_params == given.n_params + 2


def test_the_seed_does_not_matter():
    found = {structural_rank("predation", (2, 3), "full", seed=seed) for seed in range(5)}
    assert len(found) == 1
    assert pickle.loads(pickle.dumps(found.pop())).deficit > 0


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("rivalry", (1, 1)), ("`interaction`", "'rivalry'", '"competition"')),
        (("competition", (1,)), ("`ages`", "2 number")),
        (("competition", 2), ("`ages`",)),
        (("competition", (0, 1)), ("`ages`", "at least 1")),
        (("competition", (1.5, 1)), ("`ages`", "whole number")),
        (("competition", (1, 1), "sparse"), ("`coupling`",)),
        (("competition", (1, 1), "full", "ricker"), ("`density`",)),
        (("competition", (1, 1), "full", None, "guessed"), ("`initial`",)),
        (("complex", (1, 2)), ("equal `ages`",)),
        (("complex", (1, 1), "full", "leslie-gower"), ("no density-dependent",)),
    ],
)
def test_bad_options(arguments, parts):
    with pytest.raises(DataError) as caught:
        structural_rank(*arguments)
    assert all(part in str(caught.value) for part in parts), str(caught.value)


def test_bad_days():
    for observed in ([], [2, 1], [0.5], [-1, 0]):
        with pytest.raises(DataError, match="observed"):
            structural_rank("competition", (1, 1), observed=observed)
