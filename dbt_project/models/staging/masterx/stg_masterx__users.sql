with

source as (

    select * from {{ source('masterx', 'users') }}

),

final as (

    select
        document_id,
        user_key,
        email_key,
        education_level,
        timezone,
        country,
        region,
        subscription_plan,
        subscription_status,
        billing_cycle,
        explanation_style,
        difficulty_preference,
        feedback_frequency,
        emotional_support_level,
        account_status,
        age,
        ai_queries_used,
        ai_queries_limit,
        failed_login_attempts,
        is_email_verified,
        has_email_notifications,
        has_study_reminders,
        has_progress_updates,
        has_achievement_notifications,
        analytics_participation,
        emotional_data_usage,
        learning_data_sharing,
        has_public_profile,
        has_two_factor,
        subscribed_at,
        expires_at,
        usage_reset_at,
        last_password_change_at,
        last_login_at,
        created_at,
        updated_at,
        _load_id
    from source

)

select * from final
