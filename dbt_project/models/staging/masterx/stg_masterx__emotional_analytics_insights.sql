with

source as (

    select * from {{ source('masterx', 'emotional_analytics_insights') }}

),

final as (

    select
        analysis_id,
        insight_position,
        insight_length,
        insight_words,
        _load_id
    from source

)

select * from final
