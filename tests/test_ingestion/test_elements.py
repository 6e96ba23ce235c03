"""Lists of objects, lists inside them and maps with open keys as rows."""

import json

import pyarrow as pa

from ingestion.contracts import Stream
from ingestion.elements import WRONG_ITEMS, from_lists, from_objects, roots_of
from ingestion.flatten import Path, flatten

TEXTS = pa.array(
    [
        json.dumps({"steps": [{"name": "a", "tags": ["x", "y"]}, {"name": "b"}], "scores": {"joy": 0.5, "fear": 1}}),
        None,
        json.dumps({"steps": [{"name": ["no"], "tags": ["z"]}], "scores": []}),
    ]
)


def test_objects_of_a_list_become_rows_and_a_wrong_field_is_marked() -> None:
    stream = Stream((), (("name", "name"),), objects="doc.steps")
    roots, broken = roots_of(stream, TEXTS)
    elements = from_objects(stream, roots)
    assert elements.columns["name"].to_pylist() == ["a", "b", None]
    assert elements.owner.tolist() == [0, 0, 2]
    assert elements.place.tolist() == [0, 1, 0]
    assert elements.broken["name"].to_pylist() == [False, False, True]
    assert not broken


def test_lists_inside_objects_know_the_object_they_stand_in() -> None:
    stream = Stream((), (("tag", "."),), objects="doc.steps", inner="tags", outer_position="step")
    elements = from_objects(stream, roots_of(stream, TEXTS)[0])
    assert elements.columns["tag"].to_pylist() == ["x", "y", "z"]
    assert elements.columns["step"].to_pylist() == [0, 0, 0]
    assert elements.owner.tolist() == [0, 0, 2]


def test_entries_of_a_map_become_rows_and_another_kind_is_marked() -> None:
    stream = Stream((("kind", "score"),), (("score", "."),), map="doc.scores", key="emotion")
    roots, broken = roots_of(stream, TEXTS)
    elements = from_objects(stream, roots)
    assert elements.columns["emotion"].to_pylist() == ["joy", "fear"]
    assert elements.columns["score"].to_pylist() == ["0.5", "1"]
    assert elements.columns["kind"].to_pylist() == ["score", "score"]
    assert {code: mask.to_pylist() for code, mask in broken.items()} == {"type:doc.scores": [False, False, True]}


def test_an_item_of_a_list_that_is_no_scalar_is_marked_among_many_rows() -> None:
    lists = [["a", "b"]] * 150 + [["c", {"d": 1}, None]] + [None] * 49
    texts = pa.array([json.dumps({"tags": tags}) for tags in lists])
    flat = flatten({"doc": texts}, (Path("doc.tags", "text", True),))
    wrong = {"doc.tags" + WRONG_ITEMS: flat.wrong_items["doc.tags"]}
    elements = from_lists(Stream((), (("tag", "doc.tags"),)), flat.values | wrong)
    assert elements.columns["tag"].to_pylist() == ["a", "b"] * 150 + ["c", None, None]
    assert elements.broken["tag"].to_pylist() == [False] * 301 + [True, False]


def test_numbers_come_typed_where_the_contract_wants_numbers_and_all_are() -> None:
    stream = Stream((), (("n", "n"),), objects="doc.list")
    for values, kind in (
        ([1, 2], pa.int64()),
        ([1, 2.5], pa.float64()),
        ([2**70, 1], pa.string()),
        ([True, 1], pa.string()),
    ):
        elements = from_objects(stream, [[{"n": value} for value in values]], ["n"])
        assert elements.columns["n"].type == kind
    assert from_objects(stream, [[{"n": 1}]]).columns["n"].to_pylist() == ["1"]
