with

source as (

    select * from {{ source('masterx', 'emotional_analytics_interventions') }}

),

final as (

    select
        analysis_id,
        intervention_position,
        intervention_type,
        application_count,
        success_rate,
        average_effectiveness_rating,
        _load_id
    from source

)

select * from final
