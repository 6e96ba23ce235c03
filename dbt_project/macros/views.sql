{% materialization view, adapter='postgres' -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set view = this.incorporate(type='view') -%}
    {%- set definition = local_md5(tojson([sql, model.get('contract'), config.get('grants')])) -%}
    {%- set is_there = existing is not none and existing.is_view -%}
    {%- set is_unchanged -%}
    select exists (
        select from intermediate.view_marks
        where view_id = to_regclass('{{ view }}') and mark = {{ view_mark(view, definition) }}
    )
    {%- endset -%}
    {%- set may_stay = is_there and not (should_full_refresh() or pre_hooks or post_hooks) -%}
    {%- if may_stay and run_query(is_unchanged).rows[0][0] -%}
    {%- call noop_statement('main', 'UNCHANGED VIEW', 'UNCHANGED VIEW') -%}{{ sql }}{%- endcall -%}
    {{ return({'relations': [view]}) }}
    {%- endif -%}
    {%- if is_there -%}
    {%- set before = adapter.get_columns_in_relation(existing) | map(attribute='name') | list -%}
    {%- set after = get_column_schema_from_query(sql) | map(attribute='name') | list -%}
    {%- if should_full_refresh() or after[:before | length] != before -%}
    {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- endif -%}
    {%- set built = create_or_replace_view() -%}
    {%- do run_query(
        "insert into intermediate.view_marks (view_id, mark) values (to_regclass('" ~ view ~ "'), "
        ~ view_mark(view, definition) ~ ") on conflict (view_id) do update set mark = excluded.mark"
    ) -%}
    {%- do adapter.commit() -%}
    {{ return(built) }}
{%- endmaterialization %}


{% macro create_view_marks() -%}
    create table if not exists intermediate.view_marks (
        view_id oid primary key,
        mark text not null
    );
    delete from intermediate.view_marks where view_id not in (select oid from pg_class)
{%- endmacro %}


{% macro view_mark(view, definition) -%}
    (
        select md5(concat_ws(
            ' ', '{{ definition }}', pg_get_viewdef(to_regclass('{{ view }}')),
            string_agg(concat_ws(' ', attrelid, attname, atttypid, atttypmod), ' ' order by attrelid, attnum)
        ))
        from pg_attribute
        where
            attnum > 0
            and not attisdropped
            and attrelid in (
                select uses.refobjid
                from pg_rewrite as rules
                inner join pg_depend as uses on rules.oid = uses.objid
                where
                    rules.ev_class = to_regclass('{{ view }}')
                    and uses.classid = 'pg_rewrite'::regclass
                    and uses.refclassid = 'pg_class'::regclass
            )
    )
{%- endmacro %}


{% macro postgres__create_view_as(relation, sql) -%}
    {%- if config.get('contract').enforced -%}
    {{ get_assert_columns_equivalent(sql) }}
    {%- endif %}
    create or replace view {{ relation }} as (
        {{ sql }}
    );
{%- endmacro %}


{% macro look_up(relation, name, condition) -%}
    {{ adapter.dispatch('look_up')(relation, name, condition) }}
{%- endmacro %}

{% macro postgres__look_up(relation, name, condition) -%}
    cross join lateral (
        select * from {{ relation }} as found
        where {{ condition }}
        offset 0
    ) as {{ name }}
{%- endmacro %}
