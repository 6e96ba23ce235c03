with

source as (

    select * from {{ source('voice_patterns', 'users') }}

),

final as (

    select
        user_key,
        anonymous_key,
        email_key,
        phone_key,
        account_status,
        timezone,
        data_retention_days,
        consent_research,
        consent_emergency_contact,
        created_at,
        last_active_at,
        _load_id
    from source

)

select * from final
