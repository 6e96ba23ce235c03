with

source as (

    select * from {{ source('emotion_visualizer', 'emotion_analytics_insights') }}

),

final as (

    select
        analytics_id,
        insight_position,
        insight_length,
        insight_word_count,
        _load_id
    from source

)

select * from final
