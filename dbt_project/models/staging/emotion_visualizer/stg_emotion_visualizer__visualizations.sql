with

source as (

    select * from {{ source('emotion_visualizer', 'visualizations') }}

),

final as (

    select
        visualization_id,
        entry_id,
        user_key,
        status,
        style,
        composition,
        gemini_model,
        nanobanana_model,
        image_url_length,
        thumbnail_url_length,
        summary_length,
        summary_word_count,
        error_message_length,
        error_message_word_count,
        gemini_prompt_tokens,
        gemini_output_tokens,
        nanobanana_prompt_tokens,
        nanobanana_output_tokens,
        processing_started_at,
        processing_completed_at,
        created_at,
        updated_at,
        _load_id
    from source

)

select * from final
