"""What a fit has to say, as values: from where it is found to the notes, warnings and tables that show it."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from statmodels_x.core.errors import IdentificationWarning, StatmodelsXWarning

_quiet: ContextVar[bool] = ContextVar("quiet", default=False)
_HOME = str(Path(__file__).resolve().parents[1])


@dataclass(frozen=True)
class Finding:
    """Something that a user should know about a fit.

    Attributes
    ----------
    kind : str
        A short name that tables show, such as ``"weak"`` or ``"not_converged"``.
    text : str
        The problem, in a sentence that can be read alone.
    remedy : str
        What to do about it. It is empty if the text says so already, or if there is no remedy.
    concerns : tuple of str
        The parameters or quantities that the finding is about. It is empty if it is about the fit as a whole.
    category : type of warning, or None
        The category of the warning that ``fit()`` gives. None means that it is only a note in the summary.
    """

    kind: str
    text: str
    remedy: str = ""
    concerns: tuple[str, ...] = ()
    category: type[StatmodelsXWarning] | None = IdentificationWarning

    def __str__(self) -> str:
        return f"{self.text} {self.remedy}".strip()


def warn(message: str, category: type[Warning]) -> None:
    """Warn at the line of the user's that called into the package, however deep the call stands."""
    if _quiet.get():
        return
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and _is_ours(frame.f_code.co_filename):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what the package would warn of to itself: for fits whose findings are shown in another way.

    Of the thread (or task) that calls it alone; Python's own filters belong to all threads at once.
    """
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def announce(findings: Iterable[Finding]) -> None:
    """Warn of every finding that has a category."""
    for finding in findings:
        if finding.category is not None:
            warn(str(finding), finding.category)


def texts(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return the findings as sentences, for a summary's notes."""
    return tuple(str(finding) for finding in findings)


def kinds(findings: Iterable[Finding]) -> str:
    """Return the kinds, each once, for a column of a table that compares fits."""
    return ", ".join(dict.fromkeys(finding.kind for finding in findings))


def _is_ours(filename: str) -> bool:
    return filename.startswith(_HOME)
