"""Replay the entities named on the command line, or all of the system's."""

import sys

from ingestion.contracts import load_contracts
from ingestion.errors import MoodmartError
from ingestion.load import find_system
from ingestion.quarantine import replay
from ingestion.settings import Settings


def main() -> None:
    """Replay, and print what happened."""
    names = sys.argv[2:]
    try:
        settings = Settings.from_env()
        for system in [find_system(settings, sys.argv[1])] if sys.argv[1:] else load_contracts().values():
            for entity in system.entities:
                if not names or entity.name in names:
                    for result in replay(settings, system, entity):
                        print(result)
    except MoodmartError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
