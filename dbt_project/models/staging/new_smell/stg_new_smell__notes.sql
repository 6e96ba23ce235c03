with

source as (

    select * from {{ source('new_smell', 'notes') }}

),

final as (

    select
        note_id,
        name,
        category,
        _load_id
    from source

)

select * from final
