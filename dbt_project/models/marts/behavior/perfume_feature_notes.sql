with

notes as (

    select * from {{ ref('int_perfume_notes_described') }}

),

final as (

    select
        perfume_id,
        note_id,
        note_name,
        category
    from notes

)

select * from final
