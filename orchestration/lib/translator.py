"""How dbt's nodes are named among Dagster's assets: [schema, name], grouped as in dbt or else by schema."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject


class SchemaTranslator(DagsterDbtTranslator):
    """Models and seeds under their schema; sources keep [system, entity], the key of their load."""

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """The default spec under the project's own key and group."""
        node = self.get_resource_props(manifest, unique_id)
        spec = super().get_asset_spec(manifest, unique_id, project)
        if node["resource_type"] == "source":
            return spec
        group = node["config"].get("group") or node["schema"]
        return spec.replace_attributes(key=[node["schema"], node["name"]], group_name=group)
