{{ config(
    unique_key='user_key',
    indexes=[{'columns': ['_build_id']}, {'columns': ['_turn_id']}],
    post_hook='{{ mark_as_of() }}',
) }}

with

{% if is_incremental() -%}
-- texts that have become rare or have ceased to be
texts_turned as (

    {{ turned_since('search_text') }}
    union
    select search_text from {{ ref('int_search_texts') }}
    where {{ crossed_by_as_of('shared_since') }}

),

{% endif -%}
{{ dirty_keys('dirty_users', [
    built_since('user_key', 'int_search_claims') ~ ' and user_key is not null',
    'select user_key from ' ~ ref('int_searches_summarised')
    ~ ' where user_key is not null and ' ~ crossed_by_as_of('searched_date'),
    'select user_key from ' ~ ref('int_user_search_texts')
    ~ ' where search_text in (select search_text from texts_turned)',
]) }}

searches as (

    select * from {{ ref('int_searches_summarised') }}
    where
        user_key is not null
        and search_text <> ''
        and searched_date <= {{ as_of() }}
        {{ where_dirty('user_key', 'dirty_users', 'and') }}

),

texts as (

    select * from {{ ref('int_search_texts') }}

),

texts_masked as (

    select
        searches.user_key,
        case
            when texts.shared_since <= {{ as_of() }} then searches.search_text
            else '(rare)'
        end as term,
        searches._events_load_id,
        searches._build_id,
        texts._turn_id
    from searches
    inner join texts on searches.search_text = texts.search_text

),

terms_counted as (

    select
        user_key,
        term,
        count(*) as searches
    from texts_masked
    group by user_key, term

),

users_marked as (

    select
        user_key,
        max(_events_load_id) as _events_load_id,
        max(_build_id) as _build_id,
        max(_turn_id) as _turn_id
    from texts_masked
    group by user_key

),

terms_ranked as (

    select
        *,
        row_number() over (
            partition by user_key
            order by searches desc, term asc
        ) as term_rank
    from terms_counted

),

final as (

    select
        terms_ranked.user_key,
        terms_ranked.term_rank,
        terms_ranked.term,
        terms_ranked.searches,
        users_marked._events_load_id,
        users_marked._build_id,
        users_marked._turn_id
    from terms_ranked
    inner join users_marked on terms_ranked.user_key = users_marked.user_key
    where terms_ranked.term_rank <= {{ var('search_terms_kept') }}

)

{{ final_rows('dirty_users', 'user_key') }}
