{{ config(materialized='view') }}

with

-- two of them, each read once: PostgreSQL would gather all rows of one that is read twice
liked as (

    select * from {{ ref('int_preferences_summed') }}
    where
        evidence > 0
        and value <> '(all)'

),

totals as (

    select * from {{ ref('int_preferences_summed') }}
    where value = '(all)'

),

final as (

    select
        liked.user_key,
        liked.kind,
        liked.value,
        liked.evidence_events,
        {{ double('liked.evidence') }} / {{ double('totals.evidence') }} as weight,
        liked._events_load_id,
        liked._session_rows_load_id,
        liked._perfumes_load_id,
        liked._perfume_notes_load_id
    from liked
    inner join totals
        on
            liked.user_key = totals.user_key
            and liked.kind = totals.kind

)

select * from final
