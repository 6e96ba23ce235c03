"""What sqlfluff lacks to render the models as dbt does: the project's vars, `adapter` and `dbt`, for PostgreSQL.

dbt_project.yml and macros -> these names -> sqlfluff's Jinja templater (`library_path` in .sqlfluff). dbt itself
never reads this.

    sqlfluff lint dbt_project
"""

from pathlib import Path
from typing import Any

import yaml
from jinja2 import pass_context
from jinja2.runtime import Context

_VARS: dict[str, Any] = yaml.safe_load(Path("dbt_project.yml").read_text())["vars"]


def var(name: str) -> Any:
    """The project's value of `name`."""
    return _VARS[name]


class _Adapter:
    @pass_context
    def dispatch(self, context: Context, name: str) -> Any:
        """PostgreSQL's version of the macro `name`."""
        return context[f"postgres__{name}"]


class _Dbt:
    def date_trunc(self, part: str, date: str) -> str:
        """The start of the `part` that `date` is in, as dbt writes it for PostgreSQL."""
        return f"date_trunc('{part}', {date})"

    def datediff(self, first: str, second: str, _part: str) -> str:
        """Days from `first` to `second`, as dbt writes them for PostgreSQL."""
        return f"(({second})::date - ({first})::date)"


adapter = _Adapter()
dbt = _Dbt()
