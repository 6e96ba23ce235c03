{{ config(
    unique_key='activity_date',
    indexes=[
        {'columns': ['activity_date', 'perfume_id'], 'unique': true},
        {'columns': ['_events_load_id']},
        {'columns': ['_items_load_id']},
    ],
) }}

with

{% if is_incremental() -%}
new_events as (

    select
        event_id,
        {{ utc_date('occurred_at') }} as activity_date
    from {{ ref('stg_new_smell__user_interaction_events') }}
    where
        event_category = 'SEARCH'
        and {{ not_folded('_load_id', '_events_load_id') }}

),

-- elements that came without their event: it was there before
late_items as (

    select distinct items.event_id
    from {{ ref('stg_new_smell__user_interaction_event_items') }} as items
    left join new_events on items.event_id = new_events.event_id
    where
        items.item_kind = 'shown_perfume'
        and {{ not_folded('items._load_id', '_items_load_id') }}
        and new_events.event_id is null

),

dirty_days as (

    select activity_date from new_events
    union
    select {{ utc_date('events.occurred_at') }} as activity_date
    from {{ ref('stg_new_smell__user_interaction_events') }} as events
    inner join late_items on events.event_id = late_items.event_id

),

{% endif -%}
searches as (

    select
        event_id,
        {{ utc_date('occurred_at') }} as activity_date,
        _load_id
    from {{ ref('stg_new_smell__user_interaction_events') }}
    where
        event_category = 'SEARCH'
        {% if is_incremental() -%}
        -- the range lets PostgreSQL skip partitions
        and occurred_at >= (select {{ day_start('min(activity_date)') }} from dirty_days)
        and occurred_at < (select {{ day_start('max(activity_date)', 1) }} from dirty_days)
        and {{ utc_date('occurred_at') }} in (select dirty_days.activity_date from dirty_days)
        {%- endif %}

),

shown_perfumes as (

    select
        event_id,
        item_value as perfume_id,
        _load_id
    from {{ rows_of('stg_new_smell__user_interaction_event_items', 'event_id', 'searches') }}
    where item_kind = 'shown_perfume'

),

final as (

    select
        searches.activity_date,
        -- every search is in a row, so that the greatest load ids say what has been counted
        coalesce(shown_perfumes.perfume_id, '(none)') as perfume_id,
        count(*) as impressions,
        max(searches._load_id) as _events_load_id,
        coalesce(max(shown_perfumes._load_id), 0) as _items_load_id
    from searches
    left join shown_perfumes on searches.event_id = shown_perfumes.event_id
    group by searches.activity_date, coalesce(shown_perfumes.perfume_id, '(none)')

)

{{ final_rows('dirty_days', 'activity_date', order_by='activity_date') }}
