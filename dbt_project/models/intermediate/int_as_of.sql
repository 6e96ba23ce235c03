{{ config(materialized='view') }}

with

runs as (

    select * from {{ source('ops', 'runs') }}

),

-- a setting of the session, PGOPTIONS="-c moodmart.as_of=2022-12-22", and no dbt var: a var that
-- changes from run to run disables partial parsing
final as (

    select
        coalesce(
            cast(nullif(current_setting('moodmart.as_of', true), '') as date),
            (
                select runs.as_of
                from runs
                order by runs.run_id desc
                limit 1
            ),
            -- fails when it is reached, with its text in the message
            cast(
                (select 'no as_of: start `moodmart run`, or set PGOPTIONS=-c moodmart.as_of=DATE')
                as date
            )
        ) as as_of_date

)

select * from final
