-- The application's own tables of EmotionVisualizer in PostgreSQL, as its document declares them.
create table users (
    id uuid primary key default gen_random_uuid(),
    email varchar(255) unique not null,
    hashed_password varchar(255) not null,
    name varchar(255) not null,
    is_active boolean default true,
    is_verified boolean default false,
    created_at timestamp with time zone default now(),
    updated_at timestamp with time zone default now(),
    last_login_at timestamp with time zone,
    constraint users_email_check check (email ~* '^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Z|a-z]{2,}$')
);

create table emotion_entries (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users (id) on delete cascade,
    situation text not null,
    emotions text[] not null,
    intensity decimal(3, 2) not null check (intensity >= 0 and intensity <= 1),
    notes text,
    source varchar(50) default 'manual',
    intake_session_id uuid,
    created_at timestamp with time zone default now(),
    updated_at timestamp with time zone default now(),
    -- as declared; it lets an empty array pass, whose array_length is null
    constraint emotions_not_empty check (array_length(emotions, 1) > 0)
);

create table visualizations (
    id uuid primary key default gen_random_uuid(),
    entry_id uuid unique not null references emotion_entries (id) on delete cascade,
    user_id uuid not null references users (id) on delete cascade,
    status varchar(50) not null default 'pending',
    style varchar(50) default 'abstract',
    image_url text,
    thumbnail_url text,
    summary text,
    insights text[],
    visual_elements jsonb,
    error_message text,
    gemini_analysis jsonb,
    nanobanana_response jsonb,
    processing_started_at timestamp with time zone,
    processing_completed_at timestamp with time zone,
    created_at timestamp with time zone default now(),
    updated_at timestamp with time zone default now(),
    constraint status_check check (status in ('pending', 'processing', 'completed', 'failed'))
);

create table intake_sessions (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users (id) on delete cascade,
    initial_situation text not null,
    conversation_history jsonb not null default '[]',
    current_step integer default 1,
    is_complete boolean default false,
    ai_context jsonb,
    final_summary text,
    created_at timestamp with time zone default now(),
    updated_at timestamp with time zone default now(),
    completed_at timestamp with time zone
);

create table emotion_analytics (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users (id) on delete cascade,
    period_start date not null,
    period_end date not null,
    emotion_counts jsonb not null,
    average_intensity decimal(3, 2),
    total_entries integer,
    most_common_emotions text[],
    insights text[],
    computed_at timestamp with time zone default now(),
    unique (user_id, period_start, period_end)
);

create table api_keys (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users (id) on delete cascade,
    key_hash varchar(255) unique not null,
    name varchar(255) not null,
    scopes text[] default array['read', 'write'],
    is_active boolean default true,
    last_used_at timestamp with time zone,
    expires_at timestamp with time zone,
    created_at timestamp with time zone default now()
);
