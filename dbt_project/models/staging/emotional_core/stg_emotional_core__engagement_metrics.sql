with

source as (

    select * from {{ source('emotional_core', 'engagement_metrics') }}

),

final as (

    select
        metric_id,
        user_key,
        session_key,
        component_id,
        interaction_type,
        device_type,
        browser,
        os,
        duration_ms,
        emotional_impact,
        completion_rate,
        screen_width,
        screen_height,
        is_accessibility_used,
        occurred_at,
        _load_id
    from source

)

select * from final
