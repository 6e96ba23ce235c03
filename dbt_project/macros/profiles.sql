{% macro exploration_score(views) -%}
    {#- entropy of n views, c of each perfume: ln(n) - sum(c ln c) / n; over ln(n) -#}
    case
        when sum({{ views }}) < {{ var('exploration_min_views') }} then null
        when count(*) = 1 then 0
        else
            1
            - {{ exact_sum(views ~ ' * ln(' ~ views ~ ')') }}
            / (sum({{ views }}) * ln(sum({{ views }})))
    end
{%- endmacro %}


{% macro browsing_style() -%}
    case
        when total_sessions < {{ var('browsing_min_sessions') }} then 'casual'
        when conversion_events >= {{ var('browsing_trader_share') }} * total_events then 'trader'
        when exploration_score >= {{ var('browsing_explorer_score') }} then 'explorer'
        else 'focused'
    end
{%- endmacro %}


{% macro session_depth() -%}
    {{ share('total_events', 'total_sessions') }}
{%- endmacro %}


{% macro content_contribution() -%}
    total_ratings + 2 * total_reviews + collection_adds
{%- endmacro %}


{% macro engagement_score(idle_days) -%}
    100 * (
        {{ var('engagement_frequency_weight') }}
        * least({{ share('total_active_days', var('engagement_full_active_days')) }}, 1)
        + {{ var('engagement_recency_weight') }}
        * coalesce({{ halved(idle_days, var('engagement_recency_half_life_days')) }}, 0)
        + {{ var('engagement_depth_weight') }}
        * least(
            coalesce({{ session_depth() }}, 0)
            / {{ var('engagement_full_session_events') }},
            1
        )
        + {{ var('engagement_contribution_weight') }}
        * least(
            {{ share(content_contribution(), var('engagement_full_contributions')) }},
            1
        )
    )
{%- endmacro %}


{% macro last_day_of(users, date) -%}
    {%- set days = ref('int_user_days') -%}
    {{ look_up(
        days, 'days',
        'found.user_key = ' ~ users ~ '.user_key and found.activity_date = (
            select max(last_day.activity_date) from ' ~ days ~ ' as last_day
            where last_day.user_key = ' ~ users ~ '.user_key and last_day.activity_date <= ' ~ date ~ '
        )'
    ) }}
{%- endmacro %}


{% macro user_rows_since(model, since, key='user_key') -%}
    {%- if is_incremental() -%}
    (
        select rows_held.*
        from dirty_users
        {{ look_up(
            ref(model), 'rows_held',
            'found.' ~ key ~ ' = dirty_users.user_key'
            ~ ' and found.activity_date >= dirty_users.' ~ since
        ) }}
    ) as rows_found
    {%- else -%}
    {{ ref(model) }}
    {%- endif -%}
{%- endmacro %}
