with

source as (

    select * from {{ source('masterx', 'learning_dna_assessment_changes') }}

),

final as (

    select
        user_key,
        assessment_position,
        change_position,
        change,
        _load_id
    from source

)

select * from final
