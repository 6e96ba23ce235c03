{{ config(indexes=[{'columns': ['user_key', 'feature_date'], 'unique': true}]) }}

-- depends_on: {{ ref('int_feature_loads') }}, so that what arrives from now on is newer than the
-- marks this build leaves
with

marks as (

    select * from {{ feature_date_marks() }}
    where feature_date < {{ as_of() }}

),

sessions_changed as (

    select * from {{ ref('int_session_visitors') }}
    where
        user_key is not null
        and _events_load_id > (select min(marks.events_load_id) from marks)
    union
    select * from {{ ref('int_session_visitors') }}
    where
        user_key is not null
        and _session_rows_load_id > (select min(marks.session_rows_load_id) from marks)

),

sessions_started as (

    select
        session_key,
        min(activity_date) as started_date
    from {{ ref('int_session_hours') }}
    where session_key in (select sessions_changed.session_key from sessions_changed)
    group by session_key

),

users_changed as (

    select
        user_key,
        {{ utc_date('signed_up_at') }} as signed_up_date,
        _load_id
    from {{ ref('stg_new_smell__users') }}
    where _load_id > (select min(marks.users_load_id) from marks)

),

final as (

    select
        sessions_changed.user_key,
        marks.feature_date,
        marks.vocabulary_id
    from sessions_changed
    inner join sessions_started on sessions_changed.session_key = sessions_started.session_key
    inner join marks
        on
            sessions_started.started_date <= marks.feature_date
            and (
                sessions_changed._events_load_id > marks.events_load_id
                or sessions_changed._session_rows_load_id > marks.session_rows_load_id
            )
    union
    select
        users_changed.user_key,
        marks.feature_date,
        marks.vocabulary_id
    from users_changed
    inner join marks
        on
            users_changed.signed_up_date <= marks.feature_date
            and users_changed._load_id > marks.users_load_id

)

select * from final
