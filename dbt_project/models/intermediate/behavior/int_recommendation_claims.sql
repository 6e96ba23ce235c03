{{ config(
    unique_key='feedback_id',
    indexes=[
        {'columns': ['feedback_id', 'shown_date'], 'unique': true},
        {'columns': ['_recommendations_load_id']},
    ],
) }}

with

{{ dirty_keys('dirty_recommendations', [
    newer_than('feedback_id', 'int_recommendations_shown', '_recommendations_load_id')
]) }}

recommendations as (

    select * from {{ ref('int_recommendations_shown') }}
    {% if is_incremental() -%}
    where {{ not_folded('_load_id', '_recommendations_load_id') }}
    {%- endif %}

),

{% if is_incremental() -%}
former_claims as (

    select
        former.feedback_id,
        former.shown_date,
        recommendations._load_id as _recommendations_load_id
    from {{ this }} as former
    inner join recommendations on former.feedback_id = recommendations.feedback_id
    where former.shown_date <> recommendations.shown_date

),

{% endif -%}
final as (

    select
        feedback_id,
        shown_date,
        _load_id as _recommendations_load_id
    from recommendations
    {% if is_incremental() -%}
    union all
    select * from former_claims
    {%- endif %}

)

{{ final_rows('dirty_recommendations', 'feedback_id', order_by='final.shown_date') }}
