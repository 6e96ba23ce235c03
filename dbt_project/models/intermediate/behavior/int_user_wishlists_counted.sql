{{ config(materialized='view') }}

with

touched as (

    select
        session_key,
        user_key,
        started_at,
        ended_at
    from {{ ref('int_sessions_touched') }}

),

changes as (

    select
        hours.user_key,
        hours.wishlist_adds - hours.wishlist_removes as wishlist_change
    from {{ ref('int_session_hours') }} as hours
    where
        hours.user_key is not null
        and not exists (
            select 1 from touched
            where touched.session_key = hours.session_key
        )
    union all
    select
        coalesce(events.user_key, touched.user_key) as user_key,
        case
            when events.event_type = 'WISHLIST_ADD' then 1
            when events.event_type = 'WISHLIST_REMOVE' then -1
            else 0
        end as wishlist_change
    from touched
    {{ look_up(
        ref('stg_new_smell__user_interaction_events'), 'events',
        'found.session_key = touched.session_key'
        ~ ' and found.occurred_at >= touched.started_at'
        ~ ' and found.occurred_at <= touched.ended_at'
    ) }}
    where coalesce(events.user_key, touched.user_key) is not null

),

final as (

    select
        user_key,
        cast(greatest(sum(wishlist_change), 0) as bigint) as wishlist_size
    from changes
    group by user_key

)

select * from final
