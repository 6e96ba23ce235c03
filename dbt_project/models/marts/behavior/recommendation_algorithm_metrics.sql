{{ config(
    unique_key='metric_date',
    indexes=[{'columns': ['_recommendations_load_id']}],
    post_hook='{{ mark_as_of() }}',
) }}

{%- set days = var('recommendation_window_days') -%}
{#- a day is in the windows of the days that follow it -#}
{%- set days_of_rows -%}
    select recommended.shown_date + later.n as metric_date
    from {{ ref('recommendation_metrics') }} as recommended
    cross join ({{ series(0, days - 1) }}) as later
{%- endset -%}
{%- set days_of_as_of %}
    select least({{ last_as_of() }}, {{ as_of() }}) + later.n as metric_date
    from ({{ series(1, 'abs(' ~ as_of() ~ ' - ' ~ last_as_of() ~ ')') }}) as later
{%- endset %}

with

{{ dirty_keys('dirty_days', [
    days_of_rows ~ ' where '
    ~ not_folded('recommended._recommendations_load_id', '_recommendations_load_id'),
    days_of_as_of,
]) }}

metric_days as (

    select metric_date from (
        {{ 'select metric_date from dirty_days' if is_incremental() else days_of_rows }}
    ) as days
    where metric_date <= {{ as_of() }}
    group by metric_date

),

positions as (

    select
        metric_days.metric_date,
        recommended.algorithm,
        recommended.position,
        sum(recommended.impressions) as window_impressions,
        sum(recommended.clicks) as window_clicks,
        coalesce(sum(recommended.impressions) filter (
            where recommended.shown_date = metric_days.metric_date
        ), 0) as impressions,
        coalesce(sum(recommended.clicks) filter (
            where recommended.shown_date = metric_days.metric_date
        ), 0) as clicks,
        max(recommended._recommendations_load_id) as _recommendations_load_id
    from metric_days
    inner join {{ ref('recommendation_metrics') }} as recommended
        on
            metric_days.metric_date >= recommended.shown_date
            and metric_days.metric_date < recommended.shown_date + {{ days }}
    group by metric_days.metric_date, recommended.algorithm, recommended.position

),

positions_expected as (

    select
        *,
        {{ share(
            'sum(window_clicks) over (partition by metric_date, position)',
            'sum(window_impressions) over (partition by metric_date, position)'
        ) }} as expected_ctr
    from positions

),

algorithms as (

    select
        metric_date,
        algorithm,
        cast(sum(impressions) as bigint) as impressions,
        cast(sum(clicks) as bigint) as clicks,
        {{ exact_sum('impressions * expected_ctr') }} as expected_clicks,
        cast(sum(window_impressions) as bigint) as window_impressions,
        cast(sum(window_clicks) as bigint) as window_clicks,
        {{ exact_sum('window_impressions * expected_ctr') }} as window_expected_clicks,
        max(_recommendations_load_id) as _recommendations_load_id
    from positions_expected
    group by metric_date, algorithm

),

instances as (

    select
        metric_days.metric_date,
        shown.algorithm,
        cast(coalesce(sum(shown.instances) filter (
            where shown.shown_date = metric_days.metric_date
        ), 0) as bigint) as instances,
        {{ exact_sum(
            'case when shown.shown_date = metric_days.metric_date then shown.reciprocal_ranks end'
        ) }} as reciprocal_ranks,
        cast(sum(shown.instances) as bigint) as window_instances,
        {{ exact_sum('shown.reciprocal_ranks') }} as window_reciprocal_ranks
    from metric_days
    inner join {{ ref('int_recommendation_instance_days') }} as shown
        on
            metric_days.metric_date >= shown.shown_date
            and metric_days.metric_date < shown.shown_date + {{ days }}
    group by metric_days.metric_date, shown.algorithm

),

final as (

    select
        algorithms.metric_date,
        algorithms.algorithm,
        instances.instances,
        algorithms.impressions,
        algorithms.clicks,
        {{ share('algorithms.clicks', 'algorithms.impressions') }} as ctr,
        {{ wilson_bound('algorithms.clicks', 'algorithms.impressions', '-') }} as ctr_low,
        {{ wilson_bound('algorithms.clicks', 'algorithms.impressions', '+') }} as ctr_high,
        instances.reciprocal_ranks / nullif(instances.instances, 0) as mrr,
        algorithms.clicks / nullif(algorithms.expected_clicks, 0) as coec,
        instances.window_instances as instances_30_days,
        algorithms.window_impressions as impressions_30_days,
        algorithms.window_clicks as clicks_30_days,
        {{ share('algorithms.window_clicks', 'algorithms.window_impressions') }} as ctr_30_days,
        {{ wilson_bound('algorithms.window_clicks', 'algorithms.window_impressions', '-') }}
            as ctr_low_30_days,
        {{ wilson_bound('algorithms.window_clicks', 'algorithms.window_impressions', '+') }}
            as ctr_high_30_days,
        instances.window_reciprocal_ranks / instances.window_instances as mrr_30_days,
        algorithms.window_clicks / nullif(algorithms.window_expected_clicks, 0) as coec_30_days,
        algorithms._recommendations_load_id
    from algorithms
    inner join instances
        on
            algorithms.metric_date = instances.metric_date
            and algorithms.algorithm = instances.algorithm

)

{{ final_rows('dirty_days', 'metric_date') }}
