with

source as (

    select * from {{ source('emotional_core', 'user_journey_path_steps') }}

),

final as (

    select
        journey_id,
        step_position,
        funnel_step,
        time_in_step_ms,
        entered_at,
        _load_id
    from source

)

select * from final
