"""JSON of another shape than declared: one reason code for its place, whichever way it is read."""

import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from ingestion.conform import Conformer
from ingestion.contracts import Entity, Stream, load_contracts
from ingestion.elements import from_objects, roots_of
from ingestion.flatten import SINGLE_ROWS, Path, flatten
from ingestion.gate import split
from ingestion.nested import array_literal, arrays_as_json
from ingestion.privacy import Pseudonymiser
from ingestion.types import cast
from tests.events import EVENTS, NEW_SMELL, event

VOICES = load_contracts()["voice_patterns"]
PATHS = (
    Path("doc.text", "text"),
    Path("doc.inner.number", "double precision"),
    Path("doc.inner.whole", "bigint"),
    Path("doc.inner.deep.flag", "boolean"),
    Path("doc.inner.list", "text", True),
    Path("doc.numbers", "integer", True),
)


def reasons(entity: Entity, children: tuple[Entity, ...], row: dict[str, Any]) -> tuple[str, ...]:
    """Why `row` is held back."""
    conformer = Conformer(entity, children, Pseudonymiser(b"k" * 32, entity.system))
    batch = pa.RecordBatch.from_pylist([{name: row.get(name) for name in entity.source_columns}])
    return split(conformer.conform(batch), datetime.now(UTC)).reasons.get(0, ())


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        ("words", ("type:eventData",)),
        ([1], ("type:eventData",)),
        (5, ("type:eventData",)),
        (True, ("type:eventData",)),
        ({"ratings": 5, "viewDuration": 1}, ("type:eventData.ratings",)),
        ({"filters": ["a"]}, ("type:eventData.filters",)),
        ({"filters": "a", "ratings": [5]}, ("type:eventData.filters", "type:eventData.ratings")),
        ({"filters": {"notes": "oud"}}, ("type:eventData.filters.notes",)),
        ({"viewDuration": {"ms": 5}}, ("type:eventData.viewDuration",)),
        ({"title": "\ud800"}, ("type:eventData.title",)),
    ],
)
def test_a_wrong_shape_is_one_reason_for_its_place(data: Any, codes: tuple[str, ...]) -> None:
    assert reasons(EVENTS, NEW_SMELL.children(EVENTS), event(1, eventData=json.dumps(data))) == codes


def test_what_is_required_below_a_wrong_shape_is_not_missing_too() -> None:
    patterns = VOICES.entity("user_patterns")
    required = [
        c for c in patterns.columns if c.source and "." in c.source and any(r.kind == "not_null" for r in c.rules)
    ]
    for column in required:
        place = str(column.source).split(".")[0]
        found = reasons(patterns, VOICES.children(patterns), {place: json.dumps("words")})
        assert f"type:{place}" in found
        assert f"not_null:{column.name}" not in found


def test_an_element_of_a_wrong_shape_is_one_reason_for_its_place() -> None:
    stream = Stream((), (("name", "name"), ("size", "form.size"), ("colour", "form.colour")), objects="doc.steps")
    texts = pa.array([json.dumps({"steps": ["word", {"name": "a", "form": 5}, {"name": {}}, None, [1]]})])
    roots, _ = roots_of(stream, texts)
    elements = from_objects(stream, roots)
    assert {place: mask.to_pylist() for place, mask in elements.broken.items()} == {
        "doc.steps": [True, False, False, False, True],
        "doc.steps.form": [False, True, False, False, False],
        "name": [False, False, True, False, False],
    }
    assert elements.columns["name"].to_pylist() == [None, "a", None, None, None]


def test_something_else_than_a_list_inside_an_object_is_one_reason_whatever_is_read_from_it() -> None:
    stream = Stream((), (("tag", "name"), ("size", "size")), objects="steps", inner="tags", outer_position="step")
    roots, _ = roots_of(stream, pa.array([json.dumps([{"tags": {"a": 1}}, {"tags": [{"name": "x"}]}])]))
    elements = from_objects(stream, roots)
    assert {place: mask.to_pylist() for place, mask in elements.broken.items()} == {"steps.tags": [True, False]}
    assert elements.columns["tag"].to_pylist() == [None, "x"]


def test_a_map_key_that_is_no_text_is_marked() -> None:
    stream = Stream((), (("score", "."),), map="doc", key="emotion")
    roots, _ = roots_of(stream, pa.array(['{"\\ud800": 1, "joy": 2}']))
    elements = from_objects(stream, roots)
    assert elements.columns["emotion"].to_pylist() == [None, "joy"]
    assert elements.broken["emotion"].to_pylist() == [True, False]


ANYTHING = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(),
        st.sampled_from(["", "a", "NULL", "1", "\ud800", "\x00", "é"]),
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


def or_anything(declared: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(declared, declared, declared, ANYTHING)


def objects(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional={name: or_anything(values) for name, values in fields.items()})


DOCUMENTS = or_anything(
    objects(
        text=st.text("ab", max_size=2),
        numbers=st.lists(or_anything(st.integers(0, 9)), max_size=2),
        inner=objects(
            number=st.floats(allow_nan=False, allow_infinity=False),
            whole=st.integers(-(2**63), 2**63 - 1),
            deep=objects(flag=st.booleans()),
            list=st.lists(or_anything(st.just("x")), max_size=2),
        ),
    )
)


def read(texts: list[str]) -> tuple[dict[str, list[Any]], dict[str, list[bool]]]:
    """Values by path in their contract's type, and marks by reason code."""
    flat = flatten({"doc": pa.array(texts)}, PATHS)
    marks = {code: mask.to_pylist() for code, mask in flat.broken.items()}
    values: dict[str, list[Any]] = {}
    for path in PATHS:
        found = flat.values[path.dotted]
        if path.is_list:
            items, bad = cast(found.flatten(), path.data_type)
            values[path.dotted + " items"] = [items.to_pylist(), bad.to_pylist() if bad else [False] * len(items)]
            found = pa.array([None if row is None else len(row) for row in found.to_pylist()])
            wrong = flat.wrong_items.get(path.dotted, pa.nulls(len(texts)))
            values[path.dotted + " wrong"] = [any(items or ()) for items in wrong.to_pylist()]
        casted, bad = cast(found, "bigint" if path.is_list else path.data_type)
        values[path.dotted] = list(
            zip(casted.to_pylist(), bad.to_pylist() if bad else [False] * len(texts), strict=True)
        )
    return values, marks


@profile(max_examples=150, deadline=None)
@given(st.lists(DOCUMENTS, min_size=1, max_size=4))
def test_the_vectorised_way_and_the_row_by_row_way_give_equal_values(documents: list[Any]) -> None:
    texts = [json.dumps(document) for document in documents]
    rows = len(texts)
    # what is no JSON makes the rows beside it be read one by one; beside many clean ones it is not
    single, marks = read([*texts, "{"])
    clean = ["{}"] * (SINGLE_ROWS * 2)
    many, many_marks = read([*clean, *texts])
    assert marks.pop("json:doc") == [False] * rows + [True]
    assert {code: mask[len(clean) :] for code, mask in many_marks.items()} == {c: m[:rows] for c, m in marks.items()}
    for place, values in single.items():
        if place.endswith("items"):
            assert repr(many[place]) == repr(values)
        else:
            assert repr(many[place][len(clean) :]) == repr(values[:rows])
    # a row alone gives what it gives beside others
    for number, text in enumerate(texts):
        alone, _ = read([text])
        assert all(repr(alone[path.dotted][0]) == repr(single[path.dotted][number]) for path in PATHS)


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ('{a,b,"c,d",NULL}', ["a", "b", "c,d", None]),
        ("{}", []),
        (r'{"say \"hi\"","back\\slash","NULL",""}', ['say "hi"', "back\\slash", "NULL", ""]),
        ("{1,2.5,-3}", ["1", "2.5", "-3"]),
        ("[0:1]={a,b}", ["a", "b"]),
        ("{{1,2},{3,4}}", [["1", "2"], ["3", "4"]]),
        ("{two words,é}", ["two words", "é"]),
        ('{"a": 1}', None),
        ("{a,}", None),
        ("{,a}", None),
        ("{a", None),
        ("{a}}", None),
        ('{"a}', None),
        ("{a}{b}", None),
    ],
)
def test_arrays_are_read_as_copy_writes_them(text: str, elements: list[Any] | None) -> None:
    assert array_literal(text) == elements


def test_only_arrays_become_json_where_a_list_is_declared() -> None:
    texts = pa.array(["{a,NULL}", '["a"]', "['a', 'b']", None, '{"a": 1}', "{}"])
    assert arrays_as_json(texts, of_objects=False).to_pylist() == [
        '["a",null]',
        '["a"]',
        "['a', 'b']",
        None,
        '{"a": 1}',
        "[]",
    ]
    assert arrays_as_json(pa.array([r'{"{\"a\": 1}"}']), of_objects=True).to_pylist() == ['[{"a":1}]']


def test_an_array_of_copy_is_a_list_and_a_python_list_a_reason() -> None:
    queries = NEW_SMELL.entity("search_queries")
    conformer = Conformer(queries, NEW_SMELL.children(queries), Pseudonymiser(b"k" * 32, "new_smell"))
    rows = [{"clickedPerfumes": '{p1,"p,2",NULL}', "clickedPositions": "{1,2,3}"}, {"clickedPerfumes": "['p1']"}]
    batch = pa.RecordBatch.from_pylist([{n: row.get(n) for n in queries.source_columns} for row in rows])
    conformed = conformer.conform(batch)
    clicks = conformer.child_rows(NEW_SMELL.entity("search_query_clicks"), conformed)
    assert clicks.columns["perfume_id"].to_pylist() == ["p1", "p,2", None]
    assert clicks.columns["clicked_position"].to_pylist() == [1, 2, 3]
    assert conformed.marks["json:clickedPerfumes"].to_pylist() == [False, True]
