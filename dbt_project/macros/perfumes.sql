{% macro dirty_pairs_of(key, subject, cut_by_as_of) -%}
    {%- set of_kind = "subject_kind = 'perfume'" if subject == 'perfume_id' else 'true' -%}
    {%- for mark in ['_events_load_id', '_session_rows_load_id'] -%}
    select visitors.{{ key }}, subjects.subject_id as {{ subject }}
    from {{ ref('int_session_visitors') }} as visitors
    {{ look_up(
        ref('int_session_subject_days'), 'subjects', 'found.session_key = visitors.session_key'
    ) }}
    where
        {{ not_folded('visitors.' ~ mark, mark) }}
        and visitors.{{ key }} is not null
        and {{ of_kind }}
    {% if not loop.last -%}
    union
    {% endif -%}
    {%- endfor -%}
    {%- if cut_by_as_of -%}
    union
    select {{ key }}, subject_id as {{ subject }} from {{ ref('int_session_subject_days') }}
    where
        {{ crossed_by_as_of('activity_date') }}
        and {{ key }} is not null
        and {{ of_kind }}
    {%- endif -%}
{%- endmacro %}


{% macro month_start(date) -%}
    cast({{ dbt.date_trunc('month', date) }} as date)
{%- endmacro %}


{% macro lifetime_counts() -%}
    {{ return([
        'views', 'timed_views', 'view_duration_ms', 'ratings', 'starred_ratings', 'reviews',
        'search_clicks', 'trade_inquiries', 'trades_accepted', 'purchases', 'priced_purchases',
        'viewers_change', 'wishlist_change', 'collection_change',
        'search_impressions', 'recommendation_impressions', 'recommendation_clicks',
    ]) }}
{%- endmacro %}


{% macro dirty_recommendation_days(cut_by_as_of) -%}
    select distinct shown_date from {{ ref('int_recommendation_claims') }}
    where {{ not_folded('_recommendations_load_id', '_recommendations_load_id') }}
    {%- if cut_by_as_of %}
    union
    select shown_date from {{ ref('int_recommendations_shown') }}
    where
        shown_at >= {{ day_start('least(' ~ last_as_of() ~ ', ' ~ as_of() ~ ')', 1) }}
        and shown_at < {{ day_start('greatest(' ~ last_as_of() ~ ', ' ~ as_of() ~ ')', 1) }}
    {%- endif -%}
{%- endmacro %}


{% macro where_shown_on(dirty, keyword='where') -%}
    {%- if is_incremental() -%}
    {{ keyword }} shown_date in (select {{ dirty }}.shown_date from {{ dirty }})
    -- the range is for the index
    and shown_at >= (select {{ day_start('min(shown_date)') }} from {{ dirty }})
    and shown_at < (select {{ day_start('max(shown_date)', 1) }} from {{ dirty }})
    {%- endif -%}
{%- endmacro %}


{% macro wilson_bound(hits, trials, sign) -%}
    {%- set z = var('interval_z') -%}
    {%- set p = share(hits, trials) -%}
    {%- set n = 'nullif(' ~ double(trials) ~ ', 0)' -%}
    {%- set spread = z ~ ' * sqrt(' ~ p ~ ' * (1 - ' ~ p ~ ') / ' ~ n ~ ' + ' ~ z * z / 4 ~ ' / (' ~ n ~ ' * ' ~ n ~ '))' -%}
    {%- set bound -%}
        ({{ p }} + {{ z * z / 2 }} / {{ n }} {{ sign }} {{ spread }}) / (1 + {{ z * z }} / {{ n }})
    {%- endset -%}
    {#- where all or none hit, rounding may put a bound beside the share; least() of PostgreSQL looks over a null -#}
    case
        when {{ trials }} > 0 then
            {% if sign == '+' -%}
            least(greatest({{ bound }}, {{ p }}), 1)
            {%- else -%}
            greatest(least({{ bound }}, {{ p }}), 0)
            {%- endif %}
    end
{%- endmacro %}
