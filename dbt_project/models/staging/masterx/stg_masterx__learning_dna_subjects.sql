with

source as (

    select * from {{ source('masterx', 'learning_dna_subjects') }}

),

final as (

    select
        user_key,
        subject_position,
        subject,
        mastery_rate,
        engagement_level,
        optimal_difficulty,
        _load_id
    from source

)

select * from final
