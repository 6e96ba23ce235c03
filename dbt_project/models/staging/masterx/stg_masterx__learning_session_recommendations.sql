with

source as (

    select * from {{ source('masterx', 'learning_session_recommendations') }}

),

final as (

    select
        session_key,
        recommendation_position,
        recommendation_length,
        recommendation_words,
        _load_id
    from source

)

select * from final
