with

session_visitors as (

    select * from {{ ref('int_session_visitors') }}

),

users as (

    select * from {{ ref('stg_new_smell__users') }}

),

final as (

    select
        coalesce((select max(_events_load_id) from session_visitors), 0) as events_load_id,
        coalesce((select max(_session_rows_load_id) from session_visitors), 0)
            as session_rows_load_id,
        coalesce((select max(_load_id) from users), 0) as users_load_id

)

select * from final
