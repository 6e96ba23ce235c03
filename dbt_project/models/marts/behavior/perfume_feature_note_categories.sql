with

notes as (

    select * from {{ ref('perfume_feature_notes') }}

),

final as (

    select
        perfume_id,
        category,
        count(*) as notes
    from notes
    where category is not null
    group by perfume_id, category

)

select * from final
