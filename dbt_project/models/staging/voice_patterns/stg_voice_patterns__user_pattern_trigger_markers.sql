with

source as (

    select * from {{ source('voice_patterns', 'user_pattern_trigger_markers') }}

),

final as (

    select
        pattern_id,
        trigger_position,
        marker_position,
        voice_marker,
        _load_id
    from source

)

select * from final
