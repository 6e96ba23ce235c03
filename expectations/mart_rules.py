"""Read the rules that marts declare on their output, in the contracts' form.

Model YAML under `dbt_project/models/marts/`, and that of public seeds -> one `ModelContract` per table with rules.

    python -m expectations.declared          lists them as sentences, beside those of staging
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ingestion.contracts import Column, Rule, meta_of, read_columns, read_row_rule, yaml_files
from ingestion.settings import PROJECT_ROOT


@dataclass(frozen=True)
class ModelContract:
    """The declared output rules of one mart."""

    schema: str
    name: str
    description: str
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...]

    @property
    def table(self) -> str:
        """Qualified mart table."""
        return f"{self.schema}.{self.name}"

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """Column rules in column order, then row rules."""
        return tuple(rule for column in self.columns for rule in column.rules) + self.rules


@lru_cache(maxsize=8)
def load_model_rules(project_root: Path = PROJECT_ROOT) -> tuple[ModelContract, ...]:
    """The marts that declare rules, from the model YAML; a mart's schema is its folder under `marts/`.

    So do seeds that are public; theirs is the schema they configure.
    """
    declared = [
        (path.parent.name, node)
        for path, document in yaml_files(project_root / "dbt_project" / "models" / "marts", "**/*.yml")
        for node in document.get("models", ())
    ]
    declared += [
        (node["config"]["schema"], node)
        for _, document in yaml_files(project_root / "dbt_project" / "seeds", "*.yml")
        for node in document.get("seeds", ())
        if "schema" in (node.get("config") or {})
    ]
    models = [_model_contract(schema, node) for schema, node in declared]
    return tuple(model for model in models if model.all_rules)


def _model_contract(schema: str, node: Mapping[str, Any]) -> ModelContract:
    where = f"{schema}.{node['name']}"
    return ModelContract(
        schema=schema,
        name=node["name"],
        description=node.get("description", ""),
        columns=read_columns(where, node.get("columns") or []),
        rules=tuple(read_row_rule(where, rule) for rule in meta_of(node).get("rules") or ()),
    )
