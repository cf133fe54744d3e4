"""Errors and warnings of the package: one short tree, so that a caller can catch what it expects."""


class StatmodelsXError(Exception):
    """Base of every error that this package raises on purpose."""


class FormulaError(StatmodelsXError, ValueError):
    """A formula cannot be read, is not allowed, or asks for what the data do not have."""


class DataError(StatmodelsXError, ValueError):
    """A column, a row or an argument holds a value that the model cannot use."""


class ConvergenceError(StatmodelsXError, RuntimeError):
    """No estimate could be found: every start failed, and the message says how."""


class IdentificationError(StatmodelsXError, ValueError):
    """The data cannot determine what was asked for."""


class MissingPackageError(StatmodelsXError, ImportError):
    """Something asked for needs a package that is not installed; the message says which."""


class StatmodelsXWarning(UserWarning):
    """Base of every warning of this package."""


class DataWarning(StatmodelsXWarning):
    """Rows were dropped or values read in a way that the user should know about."""


class ConvergenceWarning(StatmodelsXWarning):
    """The optimiser stopped without a proof of convergence."""


class IdentificationWarning(StatmodelsXWarning):
    """The data say little or nothing about some parameters, which are named."""


class FollowUpWarning(IdentificationWarning):
    """Follow-up is too short to tell a plateau of the survival curve, and so a cured fraction."""


class SelectionWarning(StatmodelsXWarning):
    """A test was made of a model that was chosen on the same rows, and does not know of that."""
