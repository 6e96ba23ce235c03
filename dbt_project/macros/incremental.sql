{% macro get_incremental_replace_keys_sql(arg_dict) -%}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set written = arg_dict['temp_relation'] -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    {%- set marks_of_keys = ['_events_load_id', '_recommendations_load_id', '_build_id'] -%}
    {%- set keys = arg_dict['unique_key'] -%}
    {%- set key = keys if keys is string else (keys or []) | join(', ') -%}
    {%- set names = arg_dict['dest_columns'] | map(attribute='name') | list -%}
    {%- set marks = marks_of_keys | select('in', names) -%}

    -- a model may have been planned without them; its keys are looked up one by one
    set local enable_nestloop = on;

    delete from {{ target }}
    {%- if key %}
    where ({{ key }}) in (select {{ key }} from {{ written }})
    {%- endif %};

    insert into {{ target }} ({{ columns }})
    select {{ columns }} from {{ written }}
    {%- if key %}
    where {{ marks | first }} is not null
    {%- endif %}
{%- endmacro %}


{% macro dirty_keys(name, sources) -%}
    {%- if is_incremental() -%}
    {{ name }} as (

    {{ sources | join('\n    union\n    ') }}

),
    {%- endif -%}
{%- endmacro %}


{% macro where_dirty(key, dirty, keyword='where') -%}
    {%- if is_incremental() -%}
    {{ keyword }} {{ key }} in (select {{ dirty }}.* from {{ dirty }})
    {%- endif -%}
{%- endmacro %}


{% macro rows_of(model, key, dirty) -%}
    {%- if is_incremental() -%}
    (
        select rows_held.*
        from {{ dirty }}
        {{ look_up(ref(model), 'rows_held', 'found.' ~ key ~ ' = ' ~ dirty ~ '.' ~ key) }}
    ) as rows_found
    {%- else -%}
    {{ ref(model) }}
    {%- endif -%}
{%- endmacro %}


{% macro final_rows(dirty, key, order_by=none) -%}
    {%- if is_incremental() -%}
    select * from {{ dirty }} left join final using ({{ key }})
    {%- else -%}
    select * from final
    {%- endif -%}
    {%- if order_by %}
    order by {{ order_by }}
    {%- endif -%}
{%- endmacro %}


{% macro folded(column) -%}
    (
        select coalesce(max(marks.load_id), 0)
        from (
            select max({{ column }}) as load_id from {{ this }}
            union all
            select {{ marked(column) }} as load_id
        ) as marks
    )
{%- endmacro %}


{% macro not_folded(column, mark) -%}
    ({{ column }} > {{ folded(mark) }} and {{ column }} <= 9223372036854775807)
{%- endmacro %}


{% macro newer_than(key, model, mark) -%}
    select {{ key }} from {{ ref(model) }}
    where {{ not_folded('_load_id', mark) }}
{%- endmacro %}


{% macro dirty_sessions() -%}
    select session_key from {{ ref('int_sessions_summarised') }}
    where {{ not_folded('_events_load_id', '_events_load_id') }}
    union
    select session_key from {{ ref('int_sessions_summarised') }}
    where {{ not_folded('_session_rows_load_id', '_session_rows_load_id') }}
{%- endmacro %}


{% macro dirty_users() -%}
    {%- for mark in ['_events_load_id', '_session_rows_load_id'] -%}
    select user_key from {{ ref('int_session_visitors') }}
    where {{ not_folded(mark, mark) }} and user_key is not null
    union
    {% endfor -%}
    select user_key from {{ ref('int_session_hours') }}
    where {{ crossed_by_as_of('activity_date') }} and user_key is not null
{%- endmacro %}


{% macro crossed_by_as_of(date_column) -%}
    (
        {{ date_column }} > least({{ last_as_of() }}, {{ as_of() }})
        and {{ date_column }} <= greatest({{ last_as_of() }}, {{ as_of() }})
    )
{%- endmacro %}


{% macro user_days_changed() -%}
    {%- for mark in ['_events_load_id', '_session_rows_load_id'] -%}
    select
        visitors.user_key,
        hours.activity_date as changed_date
    from {{ ref('int_session_visitors') }} as visitors
    {{ look_up(ref('int_session_hours'), 'hours', 'found.session_key = visitors.session_key') }}
    where
        {{ not_folded('visitors.' ~ mark, mark) }}
        and visitors.user_key is not null
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor -%}
{%- endmacro %}


{% macro dirty_users_of(catalogue, mark, pairs='int_evidence_changes', perfume='subject_id') -%}
    select user_key from {{ ref(pairs) }}
    where
        {{ perfume }} in (
            {{ newer_than('perfume_id', catalogue, mark) }}
        )
{%- endmacro %}


{% macro as_of_marks() -%}
    intermediate.as_of_marks
{%- endmacro %}


{% macro last_as_of() -%}
    (select as_of_date from {{ as_of_marks() }} where model_name = '{{ this.identifier }}')
{%- endmacro %}


{% macro create_as_of_marks() -%}
    create table if not exists {{ as_of_marks() }} (
        model_name text primary key,
        as_of_date date not null
    )
{%- endmacro %}


{% macro mark_as_of() -%}
    delete from {{ as_of_marks() }} where model_name = '{{ this.identifier }}';
    insert into {{ as_of_marks() }} (model_name, as_of_date)
    values ('{{ this.identifier }}', {{ as_of() }})
{%- endmacro %}


{% macro load_marks() -%}
    intermediate.load_marks
{%- endmacro %}


{% macro create_load_marks() -%}
    create table if not exists {{ load_marks() }} (
        model_name text,
        mark text,
        load_id bigint not null,
        primary key (model_name, mark)
    )
{%- endmacro %}


{% macro marked(mark, model=none) -%}
    (
        select coalesce(max(load_id), 0)
        from {{ load_marks() }}
        where model_name = '{{ model or this.identifier }}' and mark = '{{ mark }}'
    )
{%- endmacro %}


{% macro mark_loads(model, marks) -%}
    delete from {{ load_marks() }} where model_name = '{{ this.identifier }}';
    {% for mark in marks -%}
    insert into {{ load_marks() }} (model_name, mark, load_id)
    select '{{ this.identifier }}', '{{ mark }}', coalesce(max({{ mark }}), 0) from {{ ref(model) }};
    {% endfor -%}
{%- endmacro %}


{% macro next_number(column) -%}
    {{ folded(column) if is_incremental() else marked(column) }} + 1
{%- endmacro %}


{% macro mark_number(column) -%}
    insert into {{ load_marks() }} (model_name, mark, load_id)
    select '{{ this.identifier }}', '{{ column }}', coalesce(max({{ column }}), 0) from {{ this }}
    on conflict (model_name, mark) do update
    set load_id = greatest(load_marks.load_id, excluded.load_id)
{%- endmacro %}
