with

source as (

    select * from {{ source('masterx', 'learning_session_topics') }}

),

final as (

    select
        session_key,
        topic_position,
        topic,
        _load_id
    from source

)

select * from final
