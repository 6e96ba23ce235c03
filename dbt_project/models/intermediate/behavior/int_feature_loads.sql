with

final as (

    -- each maximum by itself: together they would read every row
    select
        coalesce(
            (select max(found._events_load_id) from {{ ref('int_session_visitors') }} as found), 0
        ) as events_load_id,
        coalesce(
            (
                select max(found._session_rows_load_id)
                from {{ ref('int_session_visitors') }} as found
            ), 0
        ) as session_rows_load_id,
        coalesce(
            (select max(found._load_id) from {{ ref('stg_new_smell__users') }} as found), 0
        ) as users_load_id

)

select * from final
