{{ config(materialized='view') }}

-- depends_on: {{ ref('int_user_perfumes') }}

with

marks as (

    select * from {{ as_of_marks() }}

),

-- of the table's last build, which the session's or the newest run's need not be
final as (

    select as_of_date from marks
    where model_name = 'int_user_perfumes'

)

select * from final
