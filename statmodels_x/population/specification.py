"""What is modelled and how it is fitted, as frozen values that are checked once; no data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import check_choice, check_count, check_jobs

LESLIE, ODE = 0, 1
GAUSSIAN, LOGNORMAL, POISSON, NEGATIVE_BINOMIAL = 0, 1, 2, 3
FAMILIES = ("gaussian", "lognormal", "poisson", "negativebinomial")
COUPLINGS = ("scalar", "diagonal", "full")
SINGLE = ("beverton-holt", "ricker", "leslie-gower")
INTERACTIONS = ("competition", "predation", "complex")
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six")
MOST_SPECIES = len(_NUMBERS) - 1


@dataclass(frozen=True)
class Form:
    """The form of a model, apart from data.

    Attributes
    ----------
    kind : int
        ``LESLIE`` or ``ODE``.
    interaction : str
    ages : tuple of int
        One number a species; one species alone has a second place that stays empty.
    coupling : str
    density : str or None
    limited, saturating : bool
        Of predation in continuous time: whether the prey limits itself, and whether predators take time to handle prey.
    """

    kind: int
    interaction: str
    ages: tuple[int, ...] = (1, 1)
    coupling: str = "scalar"
    density: str | None = None
    limited: bool = False
    saturating: bool = False

    @property
    def is_linear(self) -> bool:
        """Whether the recursion is linear in the state."""
        return self.kind == LESLIE and self.density is None

    @property
    def is_uncoupled(self) -> bool:
        """Whether the species act on each other through their totals alone."""
        return self.density == "saturating" or (
            self.interaction == "competition" and self.density is not None
        )

    def __str__(self) -> str:
        ages = f"{'+'.join(map(str, self.ages))} classes"
        return ages if self.is_uncoupled else f"{ages}, {self.coupling}"


@dataclass(frozen=True)
class Options:
    """How a fit is made; see :meth:`LeslieInteraction.fit`."""

    initial: str | float = "free"
    structure: Any = "free"
    bounds: Mapping[Any, Any] = field(default_factory=dict)
    n_starts: int = 60
    seed: int = 0
    n_jobs: int = 1
    progress: bool = False
    warm_starts: bool = True
    keep_data: bool = False
    allow_unstable: bool = False
    gain: float | str = 0.0

    def __post_init__(self) -> None:
        check_gain(self.gain)
        check_initial(self.initial)
        check_count("n_starts", self.n_starts, 1)
        check_count("seed", self.seed, 0, most=None)
        check_jobs(self.n_jobs)


def read_form(
    interaction: str, ages: int | Sequence[int], coupling: str, density: str | None, n_species: int = 2
) -> Form:
    """Check the options of a Leslie form."""
    where = "LeslieInteraction()"
    if n_species == 1:
        return _read_single(interaction, ages, coupling, density, where)
    check_choice("interaction", interaction, INTERACTIONS, where)
    check_choice("coupling", coupling, COUPLINGS, where)
    if density is not None:
        check_choice("density", density, ("leslie-gower", "saturating"), where)
    given = (ages,) * n_species if not isinstance(ages, Sequence) or isinstance(ages, str) else tuple(ages)
    if len(given) != n_species:
        raise DataError(
            f"{where}: `ages` is {ages!r}; give one number of age classes, or one for each of the "
            f"{_NUMBERS[n_species]} species."
        )
    classes = tuple(check_count("ages", k, 1) for k in given)
    form = Form(LESLIE, interaction, classes, coupling, density)
    if n_species > 2 and not (interaction == "competition" and density == "leslie-gower"):
        raise DataError(
            f'{where}: {n_species} species compete under density="leslie-gower"; the other forms are of two. A food '
            'chain of three or more is LotkaVolterra(..., interaction="predation").'
        )
    first, second = classes[:2]
    if interaction == "complex" and density is not None:
        raise DataError(
            f'{where}: interaction="complex" has no density-dependent member; leave `density` out.'
        )
    if interaction == "complex" and first != second:
        raise DataError(
            f'{where}: interaction="complex" needs the same number of `ages`, not {first} and {second}.'
        )
    if density == "saturating" and (interaction != "predation" or coupling != "scalar"):
        raise DataError(
            f'{where}: density="saturating" is predation that takes a share of all prey; give interaction="predation" '
            "and leave `coupling` out."
        )
    if form.is_uncoupled and coupling != "scalar":
        raise DataError(
            f'{where}: Leslie-Gower competition acts through the totals and has no coupling="{coupling}"; leave it out.'
        )
    if first != second and coupling != "full" and not form.is_uncoupled:
        raise DataError(
            f'{where}: coupling="{coupling}" pairs the classes of the species, which needs equal `ages`, not {first} '
            f'and {second}; use coupling="full".'
        )
    return form


def _read_single(
    interaction: str, ages: int | Sequence[int], coupling: str, density: str | None, where: str
) -> Form:
    if interaction != "competition" or coupling != "scalar":
        raise DataError(f"{where}: one species does not interact; leave `interaction` and `coupling` out.")
    if density is not None:
        check_choice("density", density, SINGLE, where)
    k = ages[0] if isinstance(ages, Sequence) and not isinstance(ages, str) and ages else ages
    classes = (check_count("ages", k, 1), 1)
    return Form(LESLIE, "single", classes, density="leslie-gower" if density == "beverton-holt" else density)


def check_initial(initial: Any) -> str | float:
    """Return ``initial`` if it is "free", "observed" or a positive bound."""
    if isinstance(initial, str) and initial in ("free", "observed"):
        return initial
    if isinstance(initial, bool | str):
        number = np.nan
    else:
        try:
            number = float(initial)
        except (TypeError, ValueError):
            number = np.nan
    if not (np.isfinite(number) and number > 0.0):
        raise DataError(
            f'fit(): `initial` is {initial!r}; choose "free", "observed" (the first row\'s counts), or give the '
            "largest total that a species may start from."
        )
    return number


def check_gain(gain: Any) -> float | str:
    """Return ``gain`` if it is "free" or a share."""
    if isinstance(gain, str) and gain == "free":
        return gain
    if isinstance(gain, bool | str) or not 0.0 <= gain <= 1.0:
        raise DataError(f'fit(): `gain` is {gain!r}; choose "free", or give a share between 0 and 1.')
    return float(gain)


def describe_initial(initial: str | float) -> str:
    """Say how the initial totals are found."""
    return initial if isinstance(initial, str) else f"free up to {initial:g}"


def describe_family(family: str, weights: Any) -> str:
    """Say how the counts are distributed, and how Gaussian residuals are weighted."""
    given = weights if isinstance(weights, str) else "given" if weights else "equal"
    return f"{family}, weights {given}" if family == "gaussian" else family
