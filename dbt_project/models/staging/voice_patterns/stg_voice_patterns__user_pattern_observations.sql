with

source as (

    select * from {{ source('voice_patterns', 'user_pattern_observations') }}

),

final as (

    select
        pattern_id,
        observation_position,
        observation_kind,
        observation_length,
        observation_words,
        _load_id
    from source

)

select * from final
