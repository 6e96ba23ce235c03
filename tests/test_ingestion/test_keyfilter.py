"""The filter of seen keys."""

from ingestion.keyfilter import KeyFilter


def test_a_key_added_before_is_always_seen() -> None:
    keys = [f"key-{n}" for n in range(50_000)]
    seen = KeyFilter()
    seen.add(keys)
    assert seen.add(keys).all()


def test_hardly_any_new_key_is_taken_for_a_seen_one() -> None:
    seen = KeyFilter()
    seen.add([f"old-{n}" for n in range(200_000)])
    assert seen.add([f"new-{n}" for n in range(50_000)]).mean() < 0.001
