"""The errors a user may cause and can mend.

Every one says what is wrong, where, and what to do. The command line prints it as one line and exits with code 2;
whoever raises one has changed nothing.
"""


class MoodmartError(Exception):
    """Bad input or an unreachable system: `what` is wrong at `where`, and `hint` mends it."""

    def __init__(self, what: str, where: str, hint: str) -> None:
        super().__init__(what, where, hint)
        self.what, self.where, self.hint = what, where, hint

    def __str__(self) -> str:
        """One line, whatever line breaks the parts hold."""
        text = f"{self.where}: {self.what}" + (f" ({self.hint})" if self.hint else "")
        return " ".join(text.split())


class ContractError(MoodmartError):
    """The contract itself is wrong: an unknown type, rule or column."""


class SourceError(MoodmartError):
    """A source cannot be read: unreachable, refused, a missing table, file or column."""


class SchemaDriftError(SourceError):
    """A source's table changed so that its entity cannot be read safely any more."""


class SourceUnreachableError(SourceError):
    """A source does not answer now and may later: the only source error worth a retry."""


class BadShareError(MoodmartError):
    """More rows of a load are bad than its cap allows: a broken source, not bad rows."""


class MassDeletionError(MoodmartError):
    """More rows are gone at a source than its cap allows: rather a broken source than deletions."""


class UnbalancedLoadError(MoodmartError):
    """The conservation law does not hold for a load; nothing was committed."""


class WarehouseError(MoodmartError):
    """The warehouse cannot be started, reached or written to."""


class OutdatedTableError(WarehouseError):
    """A staging table cannot follow its contract without losing values."""
