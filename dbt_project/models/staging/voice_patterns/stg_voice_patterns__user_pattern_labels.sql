with

source as (

    select * from {{ source('voice_patterns', 'user_pattern_labels') }}

),

final as (

    select
        pattern_id,
        label_position,
        label_kind,
        label,
        _load_id
    from source

)

select * from final
