"""`python -m orchestration.cli` is the `moodmart` command."""

from orchestration.cli import main

main()
