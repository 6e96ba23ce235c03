with

source as (

    select * from {{ source('emotional_core', 'user_journey_arc_points') }}

),

final as (

    select
        journey_id,
        point_position,
        phase,
        anxiety_level,
        confidence_level,
        engagement_score,
        measured_at,
        _load_id
    from source

)

select * from final
