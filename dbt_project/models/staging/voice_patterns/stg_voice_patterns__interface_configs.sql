with

source as (

    select * from {{ source('voice_patterns', 'interface_configs') }}

),

final as (

    select
        config_id,
        pattern_id,
        user_key,
        version,
        theme,
        crisis_prominence,
        user_feedback_length,
        user_feedback_words,
        user_rating,
        is_deployed,
        is_current,
        generated_at,
        deployed_at,
        _load_id
    from source

)

select * from final
