with

source as (

    select * from {{ source('emotional_core', 'conversion_funnels') }}

),

final as (

    select
        funnel_id,
        user_key,
        session_key,
        funnel_step,
        previous_step,
        ab_test_variant,
        ab_test_id,
        component_id,
        device_type,
        time_in_step_ms,
        emotional_state_entry,
        emotional_state_exit,
        conversion_probability,
        entered_at,
        _load_id
    from source

)

select * from final
