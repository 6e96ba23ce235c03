with

source as (

    select * from {{ source('emotion_visualizer', 'intake_sessions') }}

),

final as (

    select
        session_key,
        user_key,
        initial_situation_length,
        initial_situation_word_count,
        context_summary_length,
        context_summary_word_count,
        final_summary_length,
        final_summary_word_count,
        exchange_count,
        current_step,
        is_complete,
        created_at,
        updated_at,
        completed_at,
        _load_id
    from source

)

select * from final
