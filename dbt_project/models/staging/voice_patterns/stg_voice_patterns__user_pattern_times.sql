with

source as (

    select * from {{ source('voice_patterns', 'user_pattern_times') }}

),

final as (

    select
        pattern_id,
        time_position,
        time_of_day,
        typical_emotion,
        _load_id
    from source

)

select * from final
