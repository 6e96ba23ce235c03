"""Read the contracts: entities, columns, privacy classes and rules.

The dbt source YAML beside each system's staging models is the one place for them; the marts declare rules on their
output in the same form (`expectations/mart_rules.py`). The format is described in `dbt_project/docs/contracts.md`.

    python -m ingestion.contracts          lists every entity with its number of columns and rules
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml

from ingestion.errors import ContractError
from ingestion.settings import PROJECT_ROOT

DATA_TYPES = frozenset({"text", "integer", "bigint", "double precision", "boolean", "timestamptz", "date", "uuid"})
PRIVACY_CLASSES = frozenset({"plain", "key", "contact", "secret", "free_text"})
RULE_KINDS = ("not_null", "in", "between", "matches", "min_length", "compare", "unique")
COMPARISONS = ("<", "<=", "=", ">=", ">")

Severity = Literal["critical", "warn"]


@dataclass(frozen=True)
class Rule:
    """One declared constraint.

    `code` is the stable reason code of a row that breaks it. `args` depends on `kind`: the allowed values (`in`),
    (low, high) both allowed (`between`), (pattern,) (`matches`), (length,) (`min_length`), (operator, other column)
    (`compare`), the columns (`unique`), nothing (`not_null`). `when` limits the rule to rows whose column holds one
    of the values. A null never breaks a rule other than `not_null`. A `warn` rule is judged but quarantines nothing.
    """

    code: str
    kind: str
    column: str
    args: tuple[Any, ...] = ()
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    severity: Severity = "critical"
    reason: str = ""


@dataclass(frozen=True)
class Column:
    """One staging or mart column. `source` is its name at the source; a dot steps into a JSON column."""

    name: str
    data_type: str
    description: str = ""
    source: str | None = None
    privacy: str = "plain"
    domain: str = ""
    measure: str = ""
    transform: str = ""
    keep: bool = False
    rules: tuple[Rule, ...] = ()

    @property
    def raw_rules(self) -> tuple[Rule, ...]:
        """Rules on the form of the source's value where only its hash or measure is staged."""
        if self.privacy in ("key", "contact") or self.measure:
            return tuple(rule for rule in self.rules if rule.kind in ("matches", "min_length"))
        return ()

    @property
    def source_column(self) -> str | None:
        """The top-level column at the source."""
        return self.source.split(".", 1)[0] if self.source else None


@dataclass(frozen=True)
class Stream:
    """Elements of a parent row that become child rows: constants, and one path per column.

    Without a root, `paths` lead from the row to parallel lists of scalars. With `objects` they lead from each object
    of that list; with `inner` also, from each element of that list inside the object, whose place goes to
    `outer_position`. With `map` they lead from each value of that object with open keys, whose key goes to `key`.
    The path "." is the element itself.
    """

    constants: tuple[tuple[str, str], ...]
    paths: tuple[tuple[str, str], ...]
    objects: str = ""
    map: str = ""
    key: str = ""
    inner: str = ""
    outer_position: str = ""

    @property
    def root(self) -> str:
        """Path of the list or map the elements stand in; empty for parallel lists."""
        return self.objects or self.map

    @property
    def source_columns(self) -> tuple[str, ...]:
        """Top-level source columns the elements stand in."""
        places = [self.root] if self.root else [path for _, path in self.paths]
        return tuple(place.split(".", 1)[0] for place in places)


@dataclass(frozen=True)
class Consent:
    """A clause: the entity and column that hold a person's consent, the values that allow, what is withheld else."""

    entity: str
    column: str
    allow: tuple[str, ...]
    unknown_allows: bool = False
    """Whether a person whose answer is not known counts as allowing."""
    columns: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    rows: bool = False


@dataclass(frozen=True)
class Entity:
    """One table at the source and in staging, or the child rows nested in another entity's rows."""

    system: str
    name: str
    source: str
    description: str
    key: tuple[str, ...]
    mode: Literal["append", "upsert"]
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...]
    event_time: str | None = None
    partition_by: str | None = None
    parent: str | None = None
    streams: tuple[Stream, ...] = ()
    max_bytes: tuple[tuple[str, int], ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    nested_columns: tuple[str, ...] = ()
    """Source columns that hold the rows of nested entities."""
    never_read: tuple[str, ...] = ()
    """Source columns that hold secrets: never selected."""
    consent: tuple[Consent, ...] = ()
    purged_at_source: bool = False
    """Whether the application itself removes rows after a while: a row that is gone there stays here."""
    optional: bool = False
    """Whether a PostgreSQL source may lack the table."""
    bad_share_cap: float = 0.5
    deleted_share_cap: float = 0.1
    """Share of an entity's rows from which their absence at the source stops the load."""
    lists_people: bool = False
    """Whether a row is a person, who is deleted with it."""
    schema: str = "staging"

    @property
    def table(self) -> str:
        """Qualified staging table."""
        return f"{self.schema}.{self.system}__{self.name}"

    @property
    def column_names(self) -> tuple[str, ...]:
        """Column names in table order, without the loader's own `_load_id`."""
        return tuple(column.name for column in self.columns)

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """Column rules in column order, then row rules."""
        return tuple(rule for column in self.columns for rule in column.rules) + self.rules

    @property
    def judged_rules(self) -> tuple[Rule, ...]:
        """The rules on what is staged: all but those on the form of values that never enter."""
        return tuple(r for c in self.columns for r in c.rules if r not in c.raw_rules) + self.rules

    @property
    def unique_rules(self) -> tuple[Rule, ...]:
        """The critical `unique` rules beside the key: the gate judges them against the table."""
        return tuple(rule for rule in self.all_rules if rule.kind == "unique" and rule.severity == "critical")

    @property
    def rule_version(self) -> str:
        """Short digest of types and rules: changes exactly when a verdict may change."""
        described = [(column.name, column.data_type, column.source) for column in self.columns]
        text = repr((described, self.all_rules, self.max_bytes, self.streams))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def source_columns(self) -> tuple[str, ...]:
        """Top-level source columns to extract, for the entity and what is nested in it: each once, no secrets."""
        wanted = [c.source_column for c in self.columns if c.source_column and c.privacy != "secret"]
        wanted += self.nested_columns
        return tuple(dict.fromkeys(wanted))


@dataclass(frozen=True)
class System:
    """One application and its entities; children stand after their parents."""

    name: str
    description: str
    engine: str
    source_schema: str
    entities: tuple[Entity, ...]

    def entity(self, name: str) -> Entity:
        """The entity of that name."""
        for entity in self.entities:
            if entity.name == name:
                return entity
        raise ContractError(f"no entity {name!r}", self.name, "see its sources YAML")

    def children(self, entity: Entity) -> tuple[Entity, ...]:
        """Entities nested in `entity`."""
        return tuple(child for child in self.entities if child.parent == entity.name)

    @property
    def roots(self) -> tuple[Entity, ...]:
        """Entities that are read from the source themselves."""
        return tuple(entity for entity in self.entities if entity.parent is None)


def meta_of(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a node of the YAML says under `config.meta`."""
    meta: Mapping[str, Any] = (node.get("config") or {}).get("meta") or {}
    return meta


def _as_args(kind: str, value: Any) -> tuple[Any, ...]:
    if kind == "not_null" or value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)


def _column_rule(where: str, column: str, kind: str, spec: Any) -> Rule:
    if kind not in RULE_KINDS:
        raise ContractError(f"unknown rule {kind!r} on {column}", where, f"one of {RULE_KINDS}")
    options = spec if isinstance(spec, dict) else {}
    value = options.get("value") if isinstance(spec, dict) else spec
    args = (column,) if kind == "unique" else _as_args(kind, value)
    severity = options.get("severity", "critical")
    if severity == "warn" and not options.get("reason"):
        raise ContractError(f"{kind} on {column} warns without a reason", where, "give its reason")
    return Rule(f"{kind}:{column}", kind, column, args, (), severity, options.get("reason", ""))


def read_row_rule(where: str, spec: Mapping[str, Any]) -> Rule:
    """A rule of several columns, or of one under a condition; `where` is for the message of an error."""
    kinds = [kind for kind in RULE_KINDS if kind in spec]
    if len(kinds) != 1 or "name" not in spec:
        raise ContractError(f"rule {dict(spec)} needs a name and one kind", where, str(RULE_KINDS))
    kind = kinds[0]
    value = spec[kind]
    when = tuple((column, tuple(values)) for column, values in (spec.get("when") or {}).items())
    if kind == "compare":
        left, operator, right = value
        if operator not in COMPARISONS:
            raise ContractError(f"unknown comparison {operator!r}", where, str(COMPARISONS))
        column, args = left, (operator, right)
    else:
        column = spec.get("column", value[0] if kind == "unique" else "")
        args = _as_args(kind, value)
    severity = spec.get("severity", "critical")
    return Rule(spec["name"], kind, column, args, when, severity, spec.get("reason", ""))


def read_columns(where: str, nodes: list[Mapping[str, Any]]) -> tuple[Column, ...]:
    """The columns of an entity or mart, with their rules."""
    return tuple(_column(where, node) for node in nodes)


def _column(where: str, node: Mapping[str, Any]) -> Column:
    meta = meta_of(node)
    name, data_type = node["name"], str(node.get("data_type", "text"))
    privacy = meta.get("privacy", "plain")
    if privacy not in PRIVACY_CLASSES:
        raise ContractError(f"unknown privacy class {privacy!r} on {name}", where, "see contracts.md")
    rules = tuple(_column_rule(where, name, kind, spec) for kind, spec in (meta.get("rules") or {}).items())
    return Column(
        name=name,
        data_type=data_type,
        description=node.get("description", ""),
        source=meta.get("source"),
        privacy=privacy,
        domain=meta.get("domain", ""),
        measure=meta.get("measure", ""),
        transform=meta.get("transform", ""),
        keep=bool(meta.get("keep", False)),
        rules=rules,
    )


def _stream(spec: Mapping[str, Any]) -> Stream:
    places = {name: spec.get(name, "") for name in ("objects", "map", "key", "inner", "outer_position")}
    return Stream(tuple((spec.get("set") or {}).items()), tuple(spec["each"].items()), **places)


def _consent(where: str, spec: Mapping[str, Any]) -> Consent:
    if not ({"columns", "children", "rows"} & set(spec)):
        raise ContractError(f"consent clause {dict(spec)} withholds nothing", where, "name columns, children or rows")
    return Consent(
        entity=spec["from"],
        column=spec["column"],
        allow=tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in spec["allow"]),
        unknown_allows=spec.get("unknown", "withhold") == "allow",
        columns=tuple(spec.get("columns") or ()),
        children=tuple(spec.get("children") or ()),
        rows=bool(spec.get("rows", False)),
    )


def _entity(system: str, node: Mapping[str, Any]) -> Entity:
    meta = meta_of(node)
    where = f"{system}.{node['name']}"
    columns = read_columns(where, node["columns"])
    for column in columns:
        if column.data_type not in DATA_TYPES:
            raise ContractError(f"unknown type {column.data_type!r} of {column.name}", where, "")
    entity = Entity(
        system=system,
        name=node["name"],
        source=meta["source"],
        description=node["description"],
        key=tuple(meta["key"]),
        mode=meta.get("mode", "upsert"),
        columns=columns,
        rules=tuple(read_row_rule(where, rule) for rule in meta.get("rules") or ()),
        event_time=meta.get("event_time"),
        partition_by=meta.get("partition_by"),
        parent=meta.get("parent"),
        streams=tuple(_stream(spec) for spec in meta.get("streams") or ()),
        max_bytes=tuple((meta.get("max_bytes") or {}).items()),
        indexes=tuple(tuple(columns) for columns in meta.get("indexes") or ()),
        never_read=tuple(meta.get("never_read") or ()),
        consent=tuple(_consent(where, clause) for clause in meta.get("consent") or ()),
        purged_at_source=bool(meta.get("purged_at_source", False)),
        optional=bool(meta.get("optional", False)),
        bad_share_cap=float(meta.get("bad_share_cap", 0.5)),
        deleted_share_cap=float(meta.get("deleted_share_cap", 0.1)),
        lists_people=bool(meta.get("lists_people", False)),
    )
    _check_references(where, entity)
    return entity


def _check_references(where: str, entity: Entity) -> None:
    known = set(entity.column_names)
    used = set(entity.key) | {entity.event_time} - {None}
    for rule in entity.all_rules:
        used |= {rule.column, *(column for column, _ in rule.when)}
        used |= set(rule.args[1:]) if rule.kind == "compare" else set()
    if entity.lists_people and entity.key != ("user_key",):
        raise ContractError("lists people by another key than user_key", where, "make user_key its key")
    used |= {name for c in entity.consent for name in (*c.columns, "user_key") if "." not in name}
    if secret := set(entity.never_read) & set(entity.source_columns):
        raise ContractError(f"reads secrets {sorted(secret)}", where, "remove their columns")
    if unknown := used - known:
        raise ContractError(f"names unknown columns {sorted(map(str, unknown))}", where, "fix the contract")


def yaml_files(root: Path, pattern: str) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The files below `root` that match, in order, with what is in them."""
    for path in sorted(root.glob(pattern)):
        # the parser in C: seconds at the start of every process otherwise
        yield path, yaml.load(path.read_text(), Loader=yaml.CSafeLoader) or {}


def _with_nested_columns(entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
    nested: dict[str | None, list[str]] = {}
    for entity in entities:
        nested.setdefault(entity.parent, []).extend(name for s in entity.streams for name in s.source_columns)
    return tuple(replace(e, nested_columns=tuple(dict.fromkeys(nested.get(e.name, ())))) for e in entities)


@lru_cache(maxsize=8)
def load_contracts(project_root: Path = PROJECT_ROOT) -> dict[str, System]:
    """Every system by name, from `dbt_project/models/staging/*/_*__sources.yml`."""
    systems: dict[str, System] = {}
    staging = project_root / "dbt_project" / "models" / "staging"
    for _, document in yaml_files(staging, "*/_*__sources.yml"):
        for node in document.get("sources", ()):
            meta = meta_of(node)
            name = node["name"]
            entities = tuple(_entity(name, table) for table in node["tables"])
            systems[name] = System(
                name=name,
                description=node["description"],
                engine=meta["engine"],
                source_schema=meta.get("source_schema", "public"),
                entities=_with_nested_columns(entities),
            )
    return systems


def main() -> None:
    """List what the contracts declare."""
    for system in load_contracts().values():
        for entity in system.entities:
            print(f"{entity.table}: {len(entity.columns)} columns, {len(entity.all_rules)} rules")


if __name__ == "__main__":
    main()
