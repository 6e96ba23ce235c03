with

source as (

    select * from {{ source('masterx', 'content_mastery_learning_styles') }}

),

final as (

    select
        mastery_id,
        style_position,
        learning_style,
        effectiveness,
        _load_id
    from source

)

select * from final
