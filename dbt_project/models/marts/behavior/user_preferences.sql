{{ config(materialized='view') }}

with

final as (

    select
        sums.user_key,
        sums.kind,
        liked.value,
        liked.evidence_events,
        {{ double('liked.evidence') }} / {{ double('sums.evidence_total') }} as weight,
        sums._events_load_id,
        sums._session_rows_load_id,
        sums._perfumes_load_id,
        sums._perfume_notes_load_id
    from {{ ref('int_preferences_summed') }} as sums
    cross join {{ preference_values('sums', 'liked') }}
    where liked.evidence > 0

)

select * from final
