with

source as (

    select * from {{ source('emotion_visualizer', 'api_key_scopes') }}

),

final as (

    select
        api_key_id,
        scope_position,
        scope,
        _load_id
    from source

)

select * from final
