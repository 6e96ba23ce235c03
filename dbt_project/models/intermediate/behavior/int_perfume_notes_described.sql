{{ config(materialized='ephemeral') }}

with

perfume_notes as (

    select * from {{ ref('int_perfume_notes_merged') }}

),

notes as (

    select * from {{ ref('stg_new_smell__notes') }}

),

final as (

    select
        perfume_notes.perfume_id,
        perfume_notes.note_id,
        notes.name as note_name,
        notes.category
    from perfume_notes
    left join notes on perfume_notes.note_id = notes.note_id

)

select * from final
