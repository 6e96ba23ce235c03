with

source as (

    select * from {{ source('emotion_visualizer', 'emotion_entries') }}

),

final as (

    select
        entry_id,
        user_key,
        session_key,
        entry_source,
        situation_length,
        situation_word_count,
        notes_length,
        notes_word_count,
        emotion_count,
        intensity,
        created_at,
        updated_at,
        _load_id
    from source

)

select * from final
