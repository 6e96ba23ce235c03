with

source as (

    select * from {{ source('voice_patterns', 'user_pattern_strategies') }}

),

final as (

    select
        pattern_id,
        strategy_position,
        strategy_kind,
        name,
        evidence_length,
        evidence_words,
        effectiveness,
        score,
        _load_id
    from source

)

select * from final
