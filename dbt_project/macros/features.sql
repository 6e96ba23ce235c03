{% macro feature_date_marks() -%}
    intermediate.feature_date_marks
{%- endmacro %}


{% macro create_feature_date_marks() -%}
    create table if not exists {{ feature_date_marks() }} (
        feature_date date primary key,
        vocabulary_id text not null,
        events_load_id bigint not null,
        session_rows_load_id bigint not null,
        users_load_id bigint not null
    )
{%- endmacro %}


{% macro of_feature_dates(model, days, key='user_key') -%}
    select
        {{ as_of() }} as feature_date,
        kept.*
    from {{ ref(model) }} as kept
    where
        kept.user_key is not null
        and {{ within_days('kept.activity_date', days) }}
    union all
    select
        restated.feature_date,
        kept.*
    from {{ ref('int_users_restated') }} as restated
    {{ look_up(
        ref(model), 'kept',
        'found.' ~ key ~ ' = restated.user_key and '
        ~ within_days('found.activity_date', days, 'restated.feature_date')
    ) }}
{%- endmacro %}


{% macro mark_feature_dates() -%}
    delete from {{ feature_date_marks() }} where feature_date = {{ as_of() }};
    insert into {{ feature_date_marks() }}
    select {{ as_of() }}, vocabulary.vocabulary_id, 0, 0, 0
    from {{ ref('int_feature_vocabulary') }} as vocabulary
    limit 1;
    update {{ feature_date_marks() }} set
        events_load_id = loads.events_load_id,
        session_rows_load_id = loads.session_rows_load_id,
        users_load_id = loads.users_load_id
    from {{ ref('int_feature_loads') }} as loads
    where feature_date <= {{ as_of() }}
{%- endmacro %}
