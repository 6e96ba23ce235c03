with

source as (

    select * from {{ source('new_smell', 'perfume_notes') }}

),

final as (

    select
        perfume_id,
        note_id,
        note_type,
        _load_id
    from source

)

select * from final
