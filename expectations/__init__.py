"""Judge the warehouse by the declared rules with Great Expectations and write its Data Docs.

declared rules (contracts) -> declared.py -> suites.py -> validation.py -> results.py (newest result, dated
trail) -> data_docs.py (the site under `<home>/data_docs/`); checkpoints.py runs it all

    python -m expectations --scope staging|marts
"""
