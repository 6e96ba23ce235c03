with

source as (

    select * from {{ source('voice_patterns', 'interface_changes') }}

),

final as (

    select
        change_id,
        config_id,
        user_key,
        change_type,
        component_affected,
        reason,
        user_feedback_length,
        user_feedback_words,
        user_rating,
        is_shown_to_user,
        is_acknowledged,
        created_at,
        _load_id
    from source

)

select * from final
