{{ config(
    unique_key='user_key',
    indexes=[
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
        {'columns': ['_perfumes_load_id']},
    ],
    post_hook='{{ mark_as_of() }}',
) }}

with

{{ dirty_keys('dirty_users', [
    dirty_visitors('user_key'),
    dirty_users_of('int_perfumes_priced', '_perfumes_load_id'),
]) }}

subjects as (

    select * from {{ ref('int_visitor_subjects') }}
    where
        user_key is not null
        and subject_kind = 'perfume'
        and (views > 0 or collection_balance > 0)
        {{ where_dirty('visitor_key', 'dirty_users', 'and') }}

),

perfumes as (

    select * from {{ ref('int_perfumes_priced') }}

),

final as (

    select
        subjects.user_key,
        count(*) as perfumes,
        min(perfumes.price) as min_price,
        max(perfumes.price) as max_price,
        {{ exact_sum('perfumes.price') }} / count(*) as average_price,
        max(subjects._events_load_id) as _events_load_id,
        max(subjects._session_rows_load_id) as _session_rows_load_id,
        max(perfumes._load_id) as _perfumes_load_id
    from subjects
    inner join perfumes on subjects.subject_id = perfumes.perfume_id
    where perfumes.price is not null
    group by subjects.user_key

)

{{ final_rows('dirty_users', 'user_key') }}
