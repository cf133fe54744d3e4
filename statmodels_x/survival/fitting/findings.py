"""What a search for a maximum can find, by kind and with the parameters' names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import ConvergenceWarning, FollowUpWarning, IdentificationWarning
from statmodels_x.core.findings import Finding
from statmodels_x.survival.distributions.parameters import PARAMETERS

NOTES = frozenset(
    "weak ridge follow_up at_limit few_events few_clusters one_cluster few_starts no_events after_selection "
    "by_prior prior_contradicted counts_disagree".split()
)
"""Kinds that leave the maximum one: all others say that there is none, so that the fit must not win a ranking."""

_HEADS = {"weak": "Weakly identified", "not_converged": "Not converged"}
_CATEGORIES = {"not_converged": ConvergenceWarning, "follow_up": FollowUpWarning}


@dataclass(frozen=True)
class Names:
    """Names of the coefficients: a (parameter, term) for each position in theta."""

    labels: tuple[tuple[str, str], ...]

    @classmethod
    def by_part(cls, terms: Mapping[str, Sequence[str]]) -> Names:
        """Put together the terms of each parameter."""
        return cls(tuple((name, term) for name in PARAMETERS if name in terms for term in terms[name]))

    @classmethod
    def numbers(cls, slices: Sequence[slice]) -> Names:
        """Name each coefficient by its position in its parameter's part."""
        sizes = (part.stop - part.start for part in slices)
        parts = zip(PARAMETERS, sizes, strict=True)
        return cls.by_part({parameter: [str(k) for k in range(size)] for parameter, size in parts})

    @property
    def everything(self) -> tuple[tuple[str, str], ...]:
        """All coefficients."""
        return self.labels

    def of(self, *parameters: str) -> tuple[tuple[str, str], ...]:
        """All coefficients of some parameters."""
        return tuple(label for label in self.labels if label[0] in parameters)

    def at(self, which: NDArray[np.bool_]) -> tuple[tuple[str, str], ...]:
        """Return the coefficients at some positions."""
        return tuple(self.labels[k] for k in np.flatnonzero(which))

    def text(self, concerned: Iterable[tuple[str, str]]) -> str:
        """Say which they are, such as ``aft Intercept, shape``: a parameter alone means all its coefficients."""
        concerned, texts = set(concerned), []
        for parameter in (*PARAMETERS, "background"):
            own = self.of(parameter)
            inside = [term for label, term in own if (label, term) in concerned]
            whole = len(inside) == len(own)
            texts += [parameter] * bool(own) if whole else [f"{parameter} {term}" for term in inside]
        return ", ".join(texts)

    def finding(self, kind: str, message: str, concerned: tuple[tuple[str, str], ...] = ()) -> Finding:
        """Put a finding about some coefficients into words."""
        head, about = _HEADS.get(kind, "Not identified"), self.text(concerned)
        return Finding(
            kind,
            f"{head}: {about}: {message}" if about else f"{head}: {message}",
            concerns=tuple(".".join(label) for label in concerned),
            category=_CATEGORIES.get(kind, IdentificationWarning),
        )


def is_degenerate(findings: Iterable[Finding]) -> bool:
    """Whether one of them says that the fit is no regular maximum."""
    return any(finding.kind not in NOTES for finding in findings)


def higher_ridge(value: float, here: str, ridge: Finding) -> Finding:
    """Say that the likelihood is higher where no estimate exists."""
    return Finding(
        "ridge",
        f"The likelihood is higher ({value:.3f}) on a ridge where no estimate exists; the fit reported is {here}. "
        f"On that ridge: {ridge.text}",
    )
