with

source as (

    select * from {{ source('voice_patterns', 'user_pattern_triggers') }}

),

final as (

    select
        pattern_id,
        trigger_position,
        topic,
        severity,
        frequency,
        _load_id
    from source

)

select * from final
