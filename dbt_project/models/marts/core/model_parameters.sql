with

parameters as (

    select * from {{ ref('int_model_parameters') }}

),

final as (

    select
        model,
        parameter,
        value,
        log_likelihood,
        n,
        fit_date
    from parameters

)

select * from final
