{{ config(
    unique_key=['visitor_key', 'perfume_id'],
    indexes=[
        {'columns': ['visitor_key', 'perfume_id', 'activity_date'], 'unique': true},
        {'columns': ['visitor_key', 'activity_date']},
        {'columns': ['perfume_id', 'activity_date']},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
    ],
) }}

with

{{ dirty_keys('dirty_pairs', [dirty_pairs_of('visitor_key', 'perfume_id', false)]) }}

subject_days as (

    select
        visitor_key,
        subject_id as perfume_id,
        activity_date,
        sum(views) as views,
        sum(wishlist_adds - wishlist_removes) as wishlist_change,
        sum(collection_adds - collection_removes) as collection_change,
        max(_events_load_id) as _events_load_id,
        max(_session_rows_load_id) as _session_rows_load_id
    from {{ ref('int_session_subject_days') }}
    where
        subject_kind = 'perfume'
        {{ where_dirty('(visitor_key, subject_id)', 'dirty_pairs', 'and') }}
    group by visitor_key, subject_id, activity_date

),

{% set pair = 'partition by visitor_key, perfume_id' -%}
{% set by_day = 'over (' ~ pair ~ ' order by activity_date)' -%}
balances as (

    select
        visitor_key,
        perfume_id,
        activity_date,
        case when sum(views) {{ by_day }} > 0 then 1 else 0 end as has_viewed,
        case when sum(wishlist_change) {{ by_day }} > 0 then 1 else 0 end as has_in_wishlist,
        case when sum(collection_change) {{ by_day }} > 0 then 1 else 0 end as has_in_collection,
        max(_events_load_id) over ({{ pair }}) as _events_load_id,
        max(_session_rows_load_id) over ({{ pair }}) as _session_rows_load_id
    from subject_days

),

changes as (

    select
        visitor_key,
        perfume_id,
        activity_date,
        {% for state, change in {
            'has_viewed': 'viewers_change',
            'has_in_wishlist': 'wishlist_change',
            'has_in_collection': 'collection_change',
        }.items() -%}
        {{ state }} - lag({{ state }}, 1, 0) {{ by_day }} as {{ change }},
        {% endfor -%}
        _events_load_id,
        _session_rows_load_id
    from balances

),

{% if is_incremental() -%}
former as (

    select held.*
    from dirty_pairs
    {{ look_up(
        this,
        'held',
        'found.visitor_key = dirty_pairs.visitor_key and found.perfume_id = dirty_pairs.perfume_id',
    ) }}

),

newest as (

    select
        max(_events_load_id) as _events_load_id,
        max(_session_rows_load_id) as _session_rows_load_id
    from {{ ref('int_session_visitors') }}

),

{% set same = 'coalesce(changes.viewers_change, 0) = former.viewers_change'
    ~ ' and coalesce(changes.wishlist_change, 0) = former.wishlist_change'
    ~ ' and coalesce(changes.collection_change, 0) = former.collection_change' -%}
-- what is as it was keeps its load ids: nothing that reads it has to count it anew; what was and is
-- not stays as zeros, which say that the perfume's day has to be counted anew
compared as (

    select
        coalesce(changes.visitor_key, former.visitor_key) as visitor_key,
        coalesce(changes.perfume_id, former.perfume_id) as perfume_id,
        coalesce(changes.activity_date, former.activity_date) as activity_date,
        coalesce(changes.viewers_change, 0) as viewers_change,
        coalesce(changes.wishlist_change, 0) as wishlist_change,
        coalesce(changes.collection_change, 0) as collection_change,
        case when {{ same }} then former._events_load_id else newest._events_load_id end
            as _events_load_id,
        case when {{ same }} then former._session_rows_load_id else newest._session_rows_load_id end
            as _session_rows_load_id,
        former.visitor_key is not null as is_known
    from changes
    full join former
        on
            changes.visitor_key = former.visitor_key
            and changes.perfume_id = former.perfume_id
            and changes.activity_date = former.activity_date
    cross join newest

),

{% else -%}
compared as (

    select
        *,
        false as is_known
    from changes

),

{% endif -%}
final as (

    select
        visitor_key,
        perfume_id,
        activity_date,
        viewers_change,
        wishlist_change,
        collection_change,
        _events_load_id,
        _session_rows_load_id
    from compared
    where is_known or viewers_change <> 0 or wishlist_change <> 0 or collection_change <> 0

)

{{ final_rows('dirty_pairs', 'visitor_key, perfume_id') }}
