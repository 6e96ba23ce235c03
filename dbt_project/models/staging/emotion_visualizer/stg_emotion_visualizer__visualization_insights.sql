with

source as (

    select * from {{ source('emotion_visualizer', 'visualization_insights') }}

),

final as (

    select
        visualization_id,
        insight_position,
        insight_length,
        insight_word_count,
        _load_id
    from source

)

select * from final
