with

source as (

    select * from {{ source('emotion_visualizer', 'intake_session_exchanges') }}

),

final as (

    select
        session_key,
        exchange_position,
        question_length,
        question_word_count,
        answer_length,
        answer_word_count,
        exchanged_at,
        _load_id
    from source

)

select * from final
