with

source as (

    select * from {{ source('emotion_visualizer', 'emotion_analytics') }}

),

final as (

    select
        analytics_id,
        user_key,
        average_intensity,
        total_entries,
        emotion_count,
        period_start,
        period_end,
        computed_at,
        _load_id
    from source

)

select * from final
