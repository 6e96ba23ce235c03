{{ config(materialized='view') }}

with

touched as (

    select
        session_key,
        visitor_key,
        started_at,
        ended_at
    from {{ ref('int_sessions_touched') }}

),

recounted as (

    select
        touched.session_key,
        coalesce(events.user_key, touched.visitor_key) as visitor_key,
        events.perfume_id,
        case when events.event_type = 'WISHLIST_ADD' then 1 else -1 end as balance
    from touched
    {{ look_up(
        ref('stg_new_smell__user_interaction_events'), 'events',
        'found.session_key = touched.session_key'
        ~ ' and found.occurred_at >= touched.started_at'
        ~ ' and found.occurred_at <= touched.ended_at'
    ) }}
    where
        events.event_type in ('WISHLIST_ADD', 'WISHLIST_REMOVE')
        and events.perfume_id is not null

),

rolled_up as (

    select
        days.session_key,
        days.visitor_key,
        days.subject_id as perfume_id
    from touched
    {{ look_up(
        ref('int_session_subject_days'), 'days', 'found.session_key = touched.session_key'
    ) }}
    where
        days.subject_kind = 'perfume'
        and (days.wishlist_adds > 0 or days.wishlist_removes > 0)

),

session_perfumes as (

    select
        session_key,
        visitor_key,
        perfume_id
    from recounted
    union
    select * from rolled_up

),

-- whoever holds or ever held a touched session
pairs as (

    select
        visitor_key,
        perfume_id
    from session_perfumes
    union
    select
        visitors.visitor_key,
        session_perfumes.perfume_id
    from session_perfumes
    inner join {{ ref('int_session_visitors') }} as visitors
        on session_perfumes.session_key = visitors.session_key

),

balances as (

    select
        visitor_key,
        perfume_id,
        balance
    from recounted
    union all
    select
        days.visitor_key,
        days.subject_id as perfume_id,
        days.wishlist_adds - days.wishlist_removes as balance
    from pairs
    {{ look_up(
        ref('int_session_subject_days'), 'days',
        'found.visitor_key = pairs.visitor_key'
        ~ ' and found.subject_id = pairs.perfume_id'
    ) }}
    where
        days.subject_kind = 'perfume'
        and not exists (
            select 1 from touched
            where touched.session_key = days.session_key
        )

),

holders as (

    select
        visitor_key,
        perfume_id
    from balances
    group by visitor_key, perfume_id
    having sum(balance) > 0

),

changes as (

    select
        perfume_id,
        wishlist_change
    from {{ ref('int_perfume_audience_changes') }}
    union all
    select
        folded.perfume_id,
        -folded.wishlist_change as wishlist_change
    from pairs
    {{ look_up(
        ref('int_perfume_audience_changes'), 'folded',
        'found.visitor_key = pairs.visitor_key'
        ~ ' and found.perfume_id = pairs.perfume_id'
    ) }}
    union all
    select
        perfume_id,
        1 as wishlist_change
    from holders

),

final as (

    select
        perfume_id,
        cast(sum(wishlist_change) as bigint) as wishlists
    from changes
    group by perfume_id
    having sum(wishlist_change) > 0

)

select * from final
