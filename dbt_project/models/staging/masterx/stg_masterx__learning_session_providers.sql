with

source as (

    select * from {{ source('masterx', 'learning_session_providers') }}

),

final as (

    select
        session_key,
        provider_position,
        provider,
        query_count,
        _load_id
    from source

)

select * from final
