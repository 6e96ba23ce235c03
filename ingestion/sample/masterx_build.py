"""Build the bundled sample of MasterX from public data.

Data flow: the log of a programming tutor (`csedm2019_itap/MainTable.csv`) -> documents of `users`, `learning_sessions`
and `content_mastery` -> one file per collection, as mongoexport writes it.

    python -m ingestion.sample.masterx_build --from <public data> --to ingestion/sample/masterx

Where each value comes from is listed in `README.md` beside this file.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from ingestion.sample import masterx_mastery, masterx_sessions
from ingestion.sample.build import run
from ingestion.sample.files import DocumentFile
from ingestion.sample.masterx_log import read_log


def sample_files(public_data: Path) -> list[DocumentFile]:
    """Read the public data and map it; nothing is written."""
    log = read_log(public_data)
    return [
        DocumentFile("users.jsonl", masterx_sessions.user_documents(log)),
        DocumentFile("learning_sessions.jsonl", masterx_sessions.session_documents(log)),
        DocumentFile("content_mastery.jsonl", masterx_mastery.mastery_documents(log)),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Build the sample; exit code 2 on bad input."""
    return run("MasterX", sample_files, argv)


if __name__ == "__main__":
    sys.exit(main())
