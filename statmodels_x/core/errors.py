"""Errors and warnings of the package: one short tree, so that a caller can catch what it expects."""


class StatmodelsXError(Exception):
    """Base class of all errors that this package raises on purpose."""


class FormulaError(StatmodelsXError, ValueError):
    """A formula cannot be read, is not allowed, or names something that the data do not have."""


class DataError(StatmodelsXError, ValueError):
    """A column, a row or an argument has a value that the model cannot use."""


class ConvergenceError(StatmodelsXError, RuntimeError):
    """No estimate was found. Every start value failed, and the message says how."""


class IdentificationError(StatmodelsXError, ValueError):
    """The data cannot determine what was asked for."""


class MissingPackageError(StatmodelsXError, ImportError):
    """A method needs a package that is not installed. The message names the package."""


class StatmodelsXWarning(UserWarning):
    """Base class of all warnings of this package."""


class DataWarning(StatmodelsXWarning):
    """Rows were dropped, or values were read in a way that the user should know about."""


class ConvergenceWarning(StatmodelsXWarning):
    """The optimiser stopped before it could prove that it reached a maximum."""


class IdentificationWarning(StatmodelsXWarning):
    """The data carry little or no information about some parameters. The message names them."""


class FollowUpWarning(IdentificationWarning):
    """Follow-up is too short to support a plateau of the survival curve, and therefore a cured fraction."""


class SelectionWarning(StatmodelsXWarning):
    """A test was made of a model that was selected on the same rows. The test does not account for the selection."""
