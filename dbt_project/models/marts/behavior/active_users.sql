{#- hours are counted since 1970-01-01 00:00 UTC; the hour h ends at h * 3600 seconds -#}
{%- set gap = 24 * var('resurrection_gap_days') %}
{%- set periods = {'daily': 24, 'weekly': 168, 'monthly': 720} %}
{%- set today = '24 * ' ~ dbt.datediff("cast('1970-01-01' as date)", as_of(), 'day') %}
{%- set kinds = (periods | list) + ['new', 'resurrected'] %}
{%- set days_shown = var('active_users_days') %}
{%- set first_shown = today ~ ' - 24 * ' ~ (days_shown - 1) ~ ' + 1' %}
{%- set days_needed = days_shown + 1 + [30, var('resurrection_gap_days')] | max %}

with

totals as (

    select
        user_key,
        {{ epoch_hour('first_active_at') }} as first_hour
    from {{ ref('int_users_totalled') }}

),

user_hours as (

    select distinct
        user_key,
        active_hour
    from {{ ref('int_session_hours') }}
    where
        user_key is not null
        and {{ within_days('activity_date', days_needed) }}

),

neighbours as (

    select
        user_key,
        active_hour,
        lag(active_hour) over (partition by user_key order by active_hour) as previous_hour,
        lead(active_hour) over (partition by user_key order by active_hour) as next_hour
    from user_hours

),

-- an active hour counts for the hours ending after it until the period is over or the next active
-- hour takes on: spans of one user and kind never overlap
spans as (

    {% for kind, hours in periods.items() -%}
    select
        '{{ kind }}' as kind,
        active_hour + 1 as starts,
        least(active_hour + {{ hours }}, coalesce(next_hour, active_hour + {{ hours }})) as ends
    from neighbours
    union all
    {% endfor -%}
    select
        'new' as kind,
        first_hour + 1 as starts,
        first_hour + 24 as ends
    from totals
    union all
    select
        'resurrected' as kind,
        -- not before the last event has left the gap; one too old to be read here left it long ago
        greatest(
            neighbours.active_hour + 1,
            coalesce(neighbours.previous_hour + 25 + {{ gap }}, neighbours.active_hour + 1)
        ) as starts,
        neighbours.active_hour + 24 as ends
    from neighbours
    inner join totals on neighbours.user_key = totals.user_key
    where neighbours.active_hour > totals.first_hour

),

spans_cut as (

    select
        kind,
        greatest(starts, {{ first_shown }}) as starts,
        ends
    from spans
    where
        starts <= ends
        and ends >= {{ first_shown }}

),

turns as (

    select
        kind,
        starts as hour_number,
        1 as change
    from spans_cut
    union all
    select
        kind,
        ends + 1 as hour_number,
        -1 as change
    from spans_cut

),

changes as (

    select
        {% for kind in kinds -%}
        sum(change) filter (where kind = '{{ kind }}') as {{ kind }}_change,
        {% endfor -%}
        hour_number
    from turns
    group by hour_number

),

-- no hour after the last one in which a user was active, unless that was before as_of
hours as (

    select n
    from ({{ series(first_shown, today ~ ' + 24') }}) as hours_to_come
    where n <= (
        select greatest({{ today }}, max(user_hours.active_hour) + 1) from user_hours
    )

),

swept as (

    select
        {% for kind in kinds -%}
        cast(
            sum(coalesce(changes.{{ kind }}_change, 0)) over (order by hours.n) as bigint
        ) as {{ kind }}_users,
        {% endfor -%}
        hours.n as hour_number
    from hours
    left join changes on hours.n = changes.hour_number

),

final as (

    select
        {{ from_epoch('hour_number * 3600.0') }} as hour_ending_at,
        daily_users as daily_active_users,
        weekly_users as weekly_active_users,
        monthly_users as monthly_active_users,
        new_users,
        daily_users - new_users - resurrected_users as returning_users,
        resurrected_users,
        {{ share('daily_users', 'monthly_users') }} as stickiness,
        {{ as_of() }} as as_of_date
    from swept

)

select * from final
