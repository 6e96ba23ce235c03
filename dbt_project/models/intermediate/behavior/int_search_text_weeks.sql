{{ config(
    unique_key='text_week',
    indexes=[
        {'columns': ['text_week'], 'unique': true},
        {'columns': ['week_number']},
        {'columns': ['_build_id']},
    ],
) }}

{#- outside of the condition, or dbt does not see it -#}
{%- set claims = ref('int_search_claims') %}

with

{% if is_incremental() -%}
dirty_weeks as (

    select distinct
        {{ week_number('searched_date') }} || ' ' || search_text as text_week,
        search_text,
        {{ week_number('searched_date') }} as week_number
    from {{ claims }}
    where
        {{ not_folded('_build_id', '_build_id') }}
        and search_text <> ''

),

dirty_text_weeks as (

    select text_week from dirty_weeks

),

{% endif -%}
searches as (

    select
        searches.*,
        {{ week_number('searches.searched_date') }} as week_number
    from {{ ref('int_searches_summarised') }} as searches
    {% if is_incremental() -%}
    inner join dirty_weeks
        on
            searches.search_text = dirty_weeks.search_text
            and searches.searched_date >= {{ week_start('dirty_weeks.week_number') }}
            and searches.searched_date < {{ week_start('dirty_weeks.week_number + 1') }}
    {% endif -%}
    where searches.search_text <> ''

),

final as (

    select
        week_number || ' ' || search_text as text_week,
        search_text,
        week_number,
        count(*) as searches,
        max(_events_load_id) as _events_load_id,
        max(_build_id) as _build_id
    from searches
    group by search_text, week_number

)

{{ final_rows('dirty_text_weeks', 'text_week', order_by='final.week_number') }}
