with

source as (

    select * from {{ source('emotion_visualizer', 'emotion_analytics_counts') }}

),

final as (

    select
        analytics_id,
        count_position,
        emotion,
        entry_count,
        _load_id
    from source

)

select * from final
