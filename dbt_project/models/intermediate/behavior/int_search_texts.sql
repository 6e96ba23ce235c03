{{ config(
    unique_key='search_text',
    indexes=[
        {'columns': ['search_text'], 'unique': true},
        {'columns': ['shared_since']},
        {'columns': ['_build_id']},
        {'columns': ['_turn_id']},
    ],
    post_hook="{{ mark_number('_turn_id') }}",
) }}

-- depends_on: {{ ref('int_search_claims') }}
with

{% if is_incremental() -%}
texts_searched as (

    select
        search_text,
        min(searched_date) as first_changed_date,
        max(_events_load_id) as _events_load_id,
        max(_build_id) as _build_id
    from {{ ref('int_search_claims') }}
    where {{ not_folded('_build_id', '_build_id') }}
    group by search_text

),

-- searches after the day a text was shared from change nothing: its many users need not be read
texts_settled as (

    select
        former.search_text,
        former.shared_since,
        greatest(former._events_load_id, texts_searched._events_load_id) as _events_load_id,
        texts_searched._build_id,
        former._turn_id
    from texts_searched
    inner join {{ this }} as former on texts_searched.search_text = former.search_text
    where former.shared_since < texts_searched.first_changed_date

),

dirty_texts as (

    select search_text from texts_searched
    where search_text not in (select texts_settled.search_text from texts_settled)

),

{% endif -%}
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

texts_shared as (

    select
        search_text,
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
        texts_shared.shared_since,
        coalesce(texts_shared._events_load_id, 0) as _events_load_id,
        coalesce(texts_shared._build_id, 0) as _build_id,
        case
            when
                texts_shared.shared_since = former.shared_since
                or (texts_shared.shared_since is null and former.shared_since is null)
                then coalesce(former._turn_id, 0)
            else {{ next_number('_turn_id') }}
        end as _turn_id
    from dirty_texts
    left join texts_shared on dirty_texts.search_text = texts_shared.search_text
    left join {{ this }} as former on dirty_texts.search_text = former.search_text
    union all
    select * from texts_settled

)
{%- else -%}
final as (

    select
        search_text,
        shared_since,
        _events_load_id,
        _build_id,
        {{ next_number('_turn_id') }} as _turn_id
    from texts_shared

)
{%- endif %}

select * from final
