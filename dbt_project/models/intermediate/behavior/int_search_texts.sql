{{ config(
    unique_key='search_text',
    indexes=[
        {'columns': ['search_text'], 'unique': true},
        {'columns': ['shared_since']},
        {'columns': ['_build_id']},
        {'columns': ['_turn_id']},
    ],
) }}

with

{{ dirty_keys('dirty_texts', [built_since('search_text', 'int_search_claims')]) }}

user_texts as (

    select
        *,
        row_number() over (
            partition by search_text
            order by first_searched_date, user_key
        ) as place
    from {{ ref('int_user_search_texts') }}
    {{ where_dirty('search_text', 'dirty_texts') }}

),

users_counted as (

    select
        search_text,
        count(*) as users,
        min(first_searched_date) filter (
            where place = {{ var('rare_text_users') }}
        ) as shared_since,
        max(_events_load_id) as _events_load_id,
        max(_build_id) as _build_id
    from user_texts
    group by search_text

),

{% if is_incremental() -%}
-- a text that has lost its users stays, so that those who show it learn that it has become rare
final as (

    select
        dirty_texts.search_text,
        coalesce(users_counted.users, 0) as users,
        users_counted.shared_since,
        coalesce(users_counted._events_load_id, 0) as _events_load_id,
        coalesce(users_counted._build_id, 0) as _build_id,
        case
            when
                users_counted.shared_since = former.shared_since
                or (users_counted.shared_since is null and former.shared_since is null)
                then coalesce(former._turn_id, 0)
            else {{ folded('_turn_id') }} + 1
        end as _turn_id
    from dirty_texts
    left join users_counted on dirty_texts.search_text = users_counted.search_text
    left join {{ this }} as former on dirty_texts.search_text = former.search_text

)
{%- else -%}
final as (

    select
        search_text,
        users,
        shared_since,
        _events_load_id,
        _build_id,
        cast(1 as bigint) as _turn_id
    from users_counted

)
{%- endif %}

select * from final
