with

source as (

    select * from {{ source('masterx', 'user_subjects') }}

),

final as (

    select
        user_key,
        subject_position,
        subject,
        _load_id
    from source

)

select * from final
