"""The dbt project's own rules, asserted from its manifest: who reads whom, what is described, tested and promised.

dbt_project -> `dbt parse` -> manifest -> assertions

    pytest tests/test_transformation/test_layers.py
"""

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from ingestion.contracts import load_contracts
from ingestion.settings import PROJECT_ROOT
from ingestion.simulator.masterx.learners import VALENCE
from ingestion.tables import LOAD_ID
from ingestion.warehouse import MART_SCHEMAS
from tests.dbt_builds import described

Node = dict[str, Any]
CLOCKS = re.compile(r"\b(now|clock_timestamp|statement_timestamp|sysdate)\s*\(|\bcurrent_(date|timestamp|time)\b", re.I)
JSON = re.compile(r"\bjsonb?_\w+\s*\(|->>?")


@pytest.fixture(scope="module")
def manifest() -> Node:
    """The parsed project; parsing connects to nothing."""
    return described()


def models(manifest: Node, layer: str = "") -> list[Node]:
    """Models of one layer (staging, intermediate, marts), or of all."""
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    return [node for node in nodes if not layer or node["fqn"][1] == layer]


def layer_of(unique_id: str, manifest: Node) -> str:
    """What a node reads: the layer of a model, `seed`, or the name of a source."""
    node = manifest["nodes"].get(unique_id) or manifest["sources"][unique_id]
    if node["resource_type"] == "model":
        return str(node["fqn"][1])
    return str(node.get("source_name", node["resource_type"]))


def read_by(node: Node, manifest: Node) -> set[str]:
    return {layer_of(unique_id, manifest) for unique_id in node["depends_on"]["nodes"]}


def data_tests(node: Node, manifest: Node) -> list[Node]:
    """Generic tests attached to a model, by name and column."""
    tests = [other for other in manifest["nodes"].values() if other.get("attached_node") == node["unique_id"]]
    return [{"name": t["test_metadata"]["name"], "column": t["column_name"]} for t in tests]


def test_every_layer_has_models(manifest: Node) -> None:
    assert all(models(manifest, layer) for layer in ("staging", "intermediate", "marts"))


def test_marts_read_intermediate_models_and_marts_only(manifest: Node) -> None:
    assert set().union(*(read_by(node, manifest) for node in models(manifest, "marts"))) <= {"intermediate", "marts"}


def test_staging_views_read_one_source_table_each_and_never_join(manifest: Node) -> None:
    for node in models(manifest, "staging"):
        assert [layer_of(read, manifest) for read in node["depends_on"]["nodes"]] == [node["fqn"][2]], node["name"]
        assert not re.search(r"\b(join|union|group by)\b", node["raw_code"]), node["name"]
        assert node["config"]["materialized"] == "view"


def test_intermediate_models_read_no_loaded_table_and_no_mart(manifest: Node) -> None:
    assert set().union(*(read_by(node, manifest) for node in models(manifest, "intermediate"))) <= {
        "staging", "intermediate", "seed", "ops",
    }  # fmt: skip


def test_descriptions_begin_with_the_grain_and_every_column_has_one(manifest: Node) -> None:
    for node in models(manifest):
        assert node["description"].startswith("One row per "), node["name"]
        assert node["columns"], node["name"]
        assert all(column["description"].strip() for column in node["columns"].values()), node["name"]


def test_every_model_has_its_grain_tested_as_unique_and_not_null(manifest: Node) -> None:
    for node in models(manifest):
        tests = data_tests(node, manifest)
        unique, filled = ({t["column"] for t in tests if t["name"] == name} for name in ("unique", "not_null"))
        assert unique & filled or any(t["name"] == "grain" for t in tests), node["name"]


def test_marts_of_users_and_sessions_are_tied_to_what_they_belong_to(manifest: Node) -> None:
    for node in models(manifest, "marts"):
        key = next(iter(node["columns"]))
        first_column_is_shared = key == "user_key" and node["name"] not in UNTIED
        if first_column_is_shared or node["name"] == "sessions":
            assert any(t["name"] == "relationships" for t in data_tests(node, manifest)), node["name"]


# the users themselves, views of a tied mart or ahead of the users, searches of users who may have nothing else, and
# whom we once took for users
UNTIED = (
    "user_behavior_profiles", "user_behavior_profiles_document", "user_search_terms", "user_feature_vector_versions",
    "user_perfume_interactions_document", "user_wishlist_sizes_live",
)  # fmt: skip


def test_marts_are_public_contracts_with_an_owner(manifest: Node) -> None:
    owners = {group["name"]: group["owner"] for group in manifest["groups"].values()}
    for node in models(manifest, "marts"):
        assert node["schema"] == node["fqn"][2] in MART_SCHEMAS, node["name"]
        assert node["config"]["contract"]["enforced"], node["name"]
        assert node["access"] == "public", node["name"]
        assert owners[node["config"]["group"]]["name"], node["name"]


def test_staging_and_intermediate_models_are_not_public(manifest: Node) -> None:
    for layer in ("staging", "intermediate"):
        assert all(node["access"] != "public" and node["schema"] == layer for node in models(manifest, layer))


def test_staging_columns_are_those_of_the_contract_in_its_words(manifest: Node) -> None:
    views = {node["name"]: node for node in models(manifest, "staging")}
    entities = [entity for system in load_contracts().values() for entity in system.entities]
    assert set(views) == {f"stg_{entity.system}__{entity.name}" for entity in entities}
    for entity in entities:
        node = views[f"stg_{entity.system}__{entity.name}"]
        described = {column["name"]: column["description"] for column in node["columns"].values()}
        assert described.pop(LOAD_ID), node["name"]
        assert described == {column.name: column.description for column in entity.columns}
        assert node["description"] == entity.description
        assert re.findall(r"^        (\w+),?$", node["raw_code"], re.M) == [*entity.column_names, LOAD_ID]


def test_no_sql_reads_the_clock(manifest: Node) -> None:
    macros = [m["macro_sql"] for m in manifest["macros"].values() if m["package_name"] == "moodmart"]
    for sql in [node["raw_code"] for node in models(manifest)] + macros:
        assert not CLOCKS.search(sql), sql


def test_only_document_views_use_json_functions(manifest: Node) -> None:
    users = {node["name"] for node in models(manifest) if JSON.search(node["raw_code"])}
    assert users
    assert all(name.endswith("_document") for name in users)


def test_every_macro_is_described_and_has_two_callers(manifest: Node) -> None:
    macros = [m for m in manifest["macros"].values() if m["package_name"] == "moodmart"]
    everything = [m["macro_sql"] for m in macros] + [node["raw_code"] for node in manifest["nodes"].values()]
    everything += [str(node["config"].get("post-hook", "")) for node in models(manifest)]
    for macro in macros:
        name = macro["name"]
        if name.startswith(("postgres__", "test_")):
            continue
        assert macro["description"], name
        calls = sum(len(re.findall(rf"\b{name}\(", text)) for text in everything) - 1
        assert calls >= 2 or name in CALLED_BY_DBT, name


CALLED_BY_DBT = (
    "generate_schema_name", "get_incremental_replace_keys_sql", "create_as_of_marks", "create_load_marks",
    "create_feature_date_marks", "create_view_marks", "materialization_view_postgres",
)  # fmt: skip


def test_evidence_weights_name_event_types_of_the_contract() -> None:
    events = load_contracts()["new_smell"].entity("user_interaction_events")
    allowed = next(rule.args for rule in events.all_rules if rule.code == "in:event_type")
    with (PROJECT_ROOT / "dbt_project/seeds/evidence_weights.csv").open() as file:
        weighed = {row["event_type"]: float(row["weight"]) for row in csv.DictReader(file)}
    assert set(weighed) <= set(allowed)
    assert all(weighed[f"{kind}_REMOVE"] == -weighed[f"{kind}_ADD"] for kind in ("WISHLIST", "COLLECTION"))


def test_the_taxonomy_has_every_emotion_the_contracts_allow() -> None:
    allowed = {
        (entity.system, label)
        for system in load_contracts().values()
        for entity in system.entities
        for rule in entity.all_rules
        if rule.code in ("in:emotion", "in:voice_emotion")
        for label in rule.args
    }
    with (PROJECT_ROOT / "dbt_project/seeds/emotion_taxonomy.csv").open() as file:
        words = {(row["vocabulary"], row["label"]): row for row in csv.DictReader(file)}
    measured = {("emotional_core", label) for label in ("anxiety", "confidence", "engagement")}
    assert len(allowed) == 20
    assert allowed | measured | {("masterx", label) for label in VALENCE} <= words.keys()
    assert all(label == label.strip().lower() for _, label in words)


def test_the_project_keeps_everything_in_its_folder_and_sends_nothing(manifest: Node) -> None:
    assert manifest["metadata"]["send_anonymous_usage_stats"] is False
    nodes = [node for node in (manifest["nodes"] | manifest["macros"]).values() if node["package_name"] == "moodmart"]
    places = {Path(node["original_file_path"]).parts[0] for node in nodes if node["resource_type"] != "operation"}
    assert places == {"dbt_project"}
