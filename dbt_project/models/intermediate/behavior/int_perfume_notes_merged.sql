{{ config(materialized='ephemeral') }}

with

perfume_notes as (

    select * from {{ ref('stg_new_smell__perfume_notes') }}

),

-- a note in two places of the pyramid is one note of the perfume
final as (

    select
        perfume_id,
        note_id,
        max(_load_id) as _load_id
    from perfume_notes
    group by perfume_id, note_id

)

select * from final
