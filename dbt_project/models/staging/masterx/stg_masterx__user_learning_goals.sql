with

source as (

    select * from {{ source('masterx', 'user_learning_goals') }}

),

final as (

    select
        user_key,
        goal_position,
        goal_length,
        goal_words,
        _load_id
    from source

)

select * from final
