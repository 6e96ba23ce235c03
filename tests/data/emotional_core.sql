-- The application's own tables of Emotional Core in PostgreSQL, as its document describes them (fields, constraints).
-- user_id points to the login service's users, which are no part of these tables.
create table emotional_config (
    id uuid primary key default gen_random_uuid(),
    user_id uuid unique,
    theme jsonb,
    motion_preferences jsonb,
    language text,
    notification_settings jsonb,
    privacy_level text check (privacy_level in ('anonymous', 'basic', 'detailed', 'full')),
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    constraint theme_has_palette check (jsonb_typeof(theme -> 'palette') = 'object'),
    constraint motion_has_accessibility check (jsonb_typeof(motion_preferences -> 'accessibility') = 'object')
);

create table user_emotion (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    session_id text,
    phase text check (
        phase in ('landing', 'sofia_intro', 'onboarding_start', 'act1', 'act2', 'act3', 'completion')
    ),
    anxiety_level integer check (anxiety_level between 1 and 5),
    confidence_level integer check (confidence_level between 1 and 5),
    engagement_score decimal check (engagement_score between 0 and 1),
    emotional_context text,
    interaction_type text,
    metadata jsonb,
    "timestamp" timestamptz default now()
);

create table engagement_metric (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    session_id text,
    component_id text,
    interaction_type text check (
        interaction_type in ('view', 'hover', 'click', 'scroll', 'animation_complete', 'celebration_viewed')
    ),
    duration integer,
    emotional_impact decimal check (emotional_impact between 0 and 1),
    completion_rate decimal check (completion_rate between 0 and 1),
    accessibility_used boolean,
    device_info jsonb,
    "timestamp" timestamptz default now()
);

create table conversion_funnel (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    session_id text,
    funnel_step text check (
        funnel_step in (
            'landing_view', 'sofia_interaction', 'onboarding_start', 'act1_complete', 'act2_complete',
            'act3_complete', 'final_conversion'
        )
    ),
    previous_step text,
    time_in_step integer,
    emotional_state_entry integer check (emotional_state_entry between 1 and 5),
    emotional_state_exit integer check (emotional_state_exit between 1 and 5),
    conversion_probability decimal check (conversion_probability between 0 and 1),
    ab_test_variant text,
    metadata jsonb,
    "timestamp" timestamptz default now()
);

create table user_journey (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    session_id text,
    journey_start timestamptz,
    journey_end timestamptz,
    total_duration integer,
    emotional_arc jsonb,
    engagement_pattern jsonb,
    conversion_path jsonb,
    personalization_profile jsonb,
    completion_status text check (completion_status in ('in_progress', 'completed', 'abandoned', 'error')),
    feedback_rating integer check (feedback_rating between 1 and 5),
    feedback_comments text,
    constraint arc_is_progression check (jsonb_typeof(emotional_arc) = 'array')
);

create table emotional_impact (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    session_id text,
    measurement_type text check (
        measurement_type in (
            'anxiety_reduction', 'engagement_increase', 'satisfaction_improvement', 'conversion_optimization'
        )
    ),
    baseline_value decimal,
    post_value decimal,
    impact_score decimal check (impact_score between -1 and 1),
    confidence_level decimal check (confidence_level between 0 and 1),
    intervention_type text check (
        intervention_type in (
            'night_sky_design', 'sofia_presence', 'onboarding_flow', 'celebration_system', 'personalization'
        )
    ),
    context_data jsonb,
    measurement_date date,
    "timestamp" timestamptz default now()
);
