with

source as (

    select * from {{ source('emotional_core', 'user_journey_interactions') }}

),

final as (

    select
        journey_id,
        interaction_position,
        interaction_type,
        interaction_count,
        _load_id
    from source

)

select * from final
