-- The own tables of the voice patterns in PostgreSQL, as their document declares them; without partitions,
-- the clean-up function and the indexes that only serve the application's queries.
create table users (
    user_id uuid primary key default gen_random_uuid(),
    anonymous_id varchar(64) unique not null,
    email_hash varchar(256),
    phone_hash varchar(256),
    created_at timestamp default now(),
    last_active timestamp default now(),
    account_status varchar(20) default 'active',
    data_retention_days int default 90,
    consent_research boolean default false,
    consent_emergency_contact boolean default false,
    timezone varchar(50) default 'Africa/Nairobi',
    constraint valid_status check (account_status in ('active', 'suspended', 'deleted'))
);

create table voice_sessions (
    session_id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users (user_id) on delete cascade,
    session_start timestamp not null default now(),
    session_end timestamp,
    duration_seconds int,
    voice_emotion varchar(50),
    emotion_confidence float,
    voice_features jsonb,
    transcript_encrypted text,
    transcript_language varchar(10),
    processed boolean default false,
    patterns_extracted boolean default false,
    delete_after timestamp default now() + interval '7 days',
    constraint valid_emotion check (
        voice_emotion in (
            'neutral', 'happy', 'sad', 'angry', 'fear', 'surprise', 'disgust', 'hopeless', 'resigned', 'numb'
        )
    )
);

create table user_patterns (
    pattern_id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users (user_id) on delete cascade,
    version int not null default 1,
    generated_at timestamp not null default now(),
    sessions_analyzed int not null,
    data_confidence float not null,
    primary_emotions varchar(50)[],
    emotion_distribution jsonb,
    temporal_patterns jsonb,
    trajectory varchar(20),
    trajectory_confidence float,
    variability_score float,
    recent_shift varchar(200),
    primary_language varchar(20),
    code_switching boolean,
    code_switching_pattern text,
    deflection_phrases varchar(50)[],
    deflection_frequency float,
    stoicism_level varchar(20),
    cultural_stressors varchar(50)[],
    communication_style varchar(50),
    triggers jsonb,
    trigger_count int,
    most_severe_trigger varchar(50),
    trigger_combinations jsonb,
    effective_strategies jsonb,
    ineffective_strategies jsonb,
    untried_suggestions varchar(50)[],
    coping_consistency float,
    primary_coping_style varchar(50),
    current_dissonance jsonb,
    current_risk_level varchar(20),
    current_risk_score float,
    current_risk_factors text[],
    primary_concerns varchar(50)[],
    current_state varchar(20),
    support_needs varchar(50)[],
    identified_strengths text[],
    identified_challenges text[],
    is_current boolean default true,
    constraint valid_trajectory check (
        trajectory in ('improving', 'declining', 'stable', 'volatile', 'insufficient_data')
    ),
    constraint valid_risk check (current_risk_level in ('low', 'medium', 'high', 'critical')),
    constraint valid_state check (current_state in ('crisis', 'struggling', 'managing', 'stable', 'improving'))
);

create unique index idx_patterns_current on user_patterns (user_id) where is_current = true;

create table voice_baselines (
    baseline_id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users (user_id) on delete cascade,
    version int not null default 1,
    established_at timestamp not null default now(),
    sessions_analyzed int not null,
    baseline_established boolean default false,
    typical_pitch_mean float,
    typical_pitch_std float,
    typical_pitch_range float,
    typical_energy_mean float,
    typical_energy_std float,
    typical_speech_rate float,
    typical_pause_ratio float,
    typical_prosody_variance float,
    typical_emotion_distribution jsonb,
    stress_markers jsonb,
    is_current boolean default true,
    constraint baseline_sessions check (sessions_analyzed >= 0)
);

create unique index idx_baselines_current on voice_baselines (user_id) where is_current = true;

create table interface_configs (
    config_id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users (user_id) on delete cascade,
    pattern_id uuid not null references user_patterns (pattern_id),
    version varchar(20) not null,
    generated_at timestamp not null default now(),
    ui_config_encrypted text not null,
    theme varchar(50),
    primary_components varchar(50)[],
    hidden_components varchar(50)[],
    crisis_prominence varchar(20),
    deployed boolean default false,
    deployed_at timestamp,
    user_rating int,
    user_feedback text,
    is_current boolean default true,
    constraint valid_theme check (theme in ('anxiety', 'depression', 'crisis', 'stable', 'balanced')),
    constraint valid_prominence check (crisis_prominence in ('hidden', 'sidebar', 'card', 'top', 'modal'))
);

create unique index idx_configs_current on interface_configs (user_id) where is_current = true;

create table interface_changes (
    change_id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users (user_id) on delete cascade,
    config_id uuid not null references interface_configs (config_id),
    change_type varchar(50) not null,
    component_affected varchar(100),
    reason text not null,
    created_at timestamp default now(),
    shown_to_user boolean default false,
    user_acknowledged boolean default false,
    user_rating int,
    user_feedback text,
    constraint valid_change_type check (
        change_type in (
            'risk_escalation', 'risk_de_escalation', 'feature_added', 'feature_hidden', 'theme_changed',
            'language_adapted', 'cultural_adjustment', 'baseline_established', 'trigger_detected', 'coping_identified'
        )
    )
);

create table risk_alerts (
    alert_id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users (user_id) on delete cascade,
    pattern_id uuid references user_patterns (pattern_id),
    risk_level varchar(20) not null,
    risk_score float not null,
    risk_factors text[] not null,
    risk_interpretation text not null,
    created_at timestamp default now(),
    alert_sent boolean default false,
    alert_sent_at timestamp,
    counselor_id uuid,
    counselor_notified boolean default false,
    counselor_responded boolean default false,
    counselor_response text,
    counselor_response_at timestamp,
    resolved boolean default false,
    resolved_at timestamp,
    resolution_notes text,
    constraint valid_risk check (risk_level in ('high', 'critical')),
    constraint risk_score_range check (risk_score >= 0 and risk_score <= 1)
);

create table pattern_history (
    history_id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users (user_id) on delete cascade,
    pattern_id uuid not null references user_patterns (pattern_id),
    snapshot_at timestamp not null default now(),
    version int not null,
    emotional_trajectory varchar(20),
    risk_level varchar(20),
    risk_score float,
    dissonance_score float,
    coping_consistency float,
    baseline_deviation float,
    full_pattern_compressed jsonb
);

-- never read
create table encryption_keys (
    user_id uuid primary key references users (user_id) on delete cascade,
    public_key text not null,
    private_key_encrypted text not null,
    salt varchar(64) not null,
    created_at timestamp default now(),
    rotated_at timestamp
);
