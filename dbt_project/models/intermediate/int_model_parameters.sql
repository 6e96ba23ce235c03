{{ config(materialized='ephemeral') }}

with

parameters as (

    select * from {{ source('ops', 'model_parameters') }}

),

final as (

    select
        model,
        parameter,
        value,
        log_likelihood,
        n,
        as_of as fit_date
    from parameters
    where as_of = {{ last_week_end() }}

)

select * from final
