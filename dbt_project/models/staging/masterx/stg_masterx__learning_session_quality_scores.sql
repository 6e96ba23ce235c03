with

source as (

    select * from {{ source('masterx', 'learning_session_quality_scores') }}

),

final as (

    select
        session_key,
        score_position,
        quality_score,
        _load_id
    from source

)

select * from final
