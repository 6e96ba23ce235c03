{{ config(materialized='view') }}

with

sums as (

    select * from {{ ref('int_preferences_summed') }}

),

final as (

    select
        preferred.user_key,
        preferred.kind,
        preferred.value,
        preferred.evidence_events,
        {{ double('preferred.evidence') }} / {{ double('totals.evidence') }} as weight,
        preferred._events_load_id,
        preferred._session_rows_load_id,
        preferred._perfumes_load_id,
        preferred._perfume_notes_load_id
    from sums as preferred
    -- a value above 0 has its kind's total; the outer join is left out where nobody asks for weights
    left join sums as totals
        on
            preferred.user_key = totals.user_key
            and preferred.kind = totals.kind
            and totals.value = '(all)'
    where
        preferred.evidence > 0
        and preferred.value <> '(all)'

)

select * from final
