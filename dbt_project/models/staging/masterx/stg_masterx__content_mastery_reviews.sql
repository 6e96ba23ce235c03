with

source as (

    select * from {{ source('masterx', 'content_mastery_reviews') }}

),

final as (

    select
        mastery_id,
        review_position,
        performance_score,
        interval_adjustment,
        reviewed_at,
        _load_id
    from source

)

select * from final
