with

source as (

    select * from {{ source('voice_patterns', 'user_pattern_deflections') }}

),

final as (

    select
        pattern_id,
        phrase_position,
        phrase_length,
        phrase_words,
        _load_id
    from source

)

select * from final
