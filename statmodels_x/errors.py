"""Errors and warnings of the package, to catch what is expected: ``except smx.errors.DataError``."""

from statmodels_x.core.errors import (
    ConvergenceError,
    ConvergenceWarning,
    DataError,
    DataWarning,
    FollowUpWarning,
    FormulaError,
    IdentificationError,
    IdentificationWarning,
    MissingPackageError,
    SelectionWarning,
    StatmodelsXError,
    StatmodelsXWarning,
)

__all__ = [
    "ConvergenceError",
    "ConvergenceWarning",
    "DataError",
    "DataWarning",
    "FollowUpWarning",
    "FormulaError",
    "IdentificationError",
    "IdentificationWarning",
    "MissingPackageError",
    "SelectionWarning",
    "StatmodelsXError",
    "StatmodelsXWarning",
]
