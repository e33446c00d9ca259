"""Choosing among planted candidates: the optimum is found, a tie is called one, nothing fits is said."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.budget import Figure, exact
from edgekit.choice import Candidate, choose
from edgekit.choice.sentences import sentences
from edgekit.choice.telling import share
from edgekit.errors import UsageError

MS = 1e6  # ns
N = 2_000  # images


def planted(
    model: str,
    ms: float,
    wrong: int | None = 100,
    *,
    memory: float = 50,
    size: float = 1,
    apart: float = 0.01,
    **named,
) -> Candidate:
    """One with repeats that are `apart` from their middle, relative; memory and size in MB."""
    repeats = tuple(ms * MS * (1 + by * apart) for by in (-1, 0, 1))
    quality = {} if wrong is None else {"accuracy": share(N - wrong, N)}
    answers = b"" if wrong is None else bytes([1] * (N - wrong) + [0] * wrong)
    given = {
        "device": "rpi4",
        "model": model,
        "artefact": "int8.tflite",
        "precision": "int8",
        "runtime": "litert 2.3.0",
        "threads": 4,
        "figures": {
            "latency_p50": Figure(ms * MS, ms * MS * (1 - 2 * apart), ms * MS * (1 + 2 * apart), repeats),
            "peak_memory": exact(memory * 1e6),
            "size": exact(size * 1e6),
        },
        "quality": quality,
        "task": "shapes" if quality else "",
        "images": "the same" if quality else "",
        "answers": answers,
    }
    return Candidate(**given | named)


def limits(
    ms: float | None = None, memory: float | None = None, accuracy: float | None = None
) -> dict[str, float]:
    given = {
        "latency_p50": ms and ms * MS,
        "peak_memory": memory and memory * 1e6,
        "accuracy": accuracy,
    }
    return {name: limit for name, limit in given.items() if limit is not None}


# the wider and the larger, the slower and the better; every fourth needs more memory
GRID = [
    planted(f"a{alpha}_{side}", alpha * side / 10, int(900 - alpha * side * 2), memory=40 + alpha * 30)
    for alpha in (0.25, 0.5, 0.75, 1.0)
    for side in (128, 160, 192, 224)
]


@pytest.mark.parametrize(
    ("limited", "best"),
    [
        (limits(), "a1.0_224"),
        (limits(ms=15), "a0.75_192"),  # 14.4 ms; a1.0_160 takes 16
        (limits(ms=100), "a1.0_224"),
        (limits(ms=3.4), "a0.25_128"),
        (limits(ms=15, memory=56), "a0.5_224"),  # alpha .75 needs 62.5 MB
        (limits(accuracy=0.66), "a0.75_192"),  # the least work that significantly reaches it
        (limits(ms=20, accuracy=0.66), "a1.0_192"),  # 19.2 ms: with both, the most accurate
    ],
)
def test_the_known_optimum_is_found(limited, best):
    found = choose(GRID, limited)
    assert found.best is not None, sentences(found)
    assert found.best.model == best, sentences(found)
    assert found.exit_code == 0


def test_the_order_of_candidates_is_irrelevant():
    shown = set()
    for seed in range(20):
        mixed = random.Random(seed).sample(GRID, len(GRID))
        shown.add(tuple(sentences(choose(mixed, limits(ms=15)))))
    assert len(shown) == 1


def test_two_that_cannot_be_told_apart_are_a_tie():
    one, other = planted("one", 10, 100), planted("other", 10.1, 99)
    found = choose([one, other, planted("worse", 9.9, 400)], limits(ms=15))
    assert {found.best.model, found.tied[0].model} == {"one", "other"}
    assert "Tie: it cannot be told apart from" in " ".join(sentences(found))


def test_of_equally_accurate_ones_the_faster_is_named_and_the_tie_said():
    fast, slow = planted("fast", 5, 103), planted("slow", 10, 100)
    found = choose([fast, slow], limits(ms=15))
    assert found.best == fast
    assert found.level == (slow,)
    said = " ".join(sentences(found))
    assert "Tie in accuracy: slow/int8.tflite · litert 2.3.0 · 4 threads has 0.15 pp more" in said
    assert "which is not significant on 2,000 images (" in said
    assert "takes 2 times as long" in said


def test_a_difference_that_the_images_carry_is_no_tie():
    fast, slow = planted("fast", 5, 140), planted("slow", 10, 100)
    found = choose([fast, slow], limits(ms=15))
    assert found.best == slow
    assert not found.tied
    assert not found.level
    assert found.faster.to == fast
    assert found.faster.cost == pytest.approx(-5 * MS)


def test_of_equally_fast_ones_the_more_accurate_is_named():
    good, fast = planted("good", 10.0, 100), planted("fast", 9.9, 300)
    found = choose([good, fast], limits(accuracy=0.8))
    assert found.goal == "cost"
    assert found.best == good
    assert "Tie in speed: fast/int8.tflite" in " ".join(sentences(found))


def test_a_limit_is_held_only_by_the_unfavourable_end():
    certain, perhaps = planted("certain", 14, 300), planted("perhaps", 14.8, 100)  # 14.5 to 15.1 ms
    found = choose([certain, perhaps], limits(ms=15))
    assert found.best == certain
    assert found.perhaps == (perhaps,)
    assert "straddles the limit (14.5 to 15.1 ms)" in " ".join(sentences(found))


def test_a_floor_of_accuracy_is_held_only_by_the_intervals_low_end():
    found = choose([planted("m", 5, 100)], limits(accuracy=0.949))
    assert found.best is None
    assert found.exit_code == 3
    assert found.nearest.standings == {"accuracy": "straddles"}
    assert choose([planted("m", 5, 100)], limits(accuracy=0.93)).best


def test_a_single_repeat_holds_no_limit():
    single = planted("m", 5)
    figures = {**single.figures, "latency_p50": Figure(5 * MS, doubt="a single repeat shows no spread")}
    found = choose([planted("m", 5, figures=figures)], limits(ms=15))
    assert found.best is None
    assert "a single repeat shows no spread" in " ".join(sentences(found))


def test_where_nothing_fits_the_nearest_is_named_with_how_far_it_misses():
    found = choose(GRID, limits(ms=3))
    assert found.exit_code == 3
    assert found.nearest.candidate.model == "a0.25_128"
    assert found.nearest.over["latency_p50"] == pytest.approx((3.2 * 1.02 - 3) * MS)
    said = " ".join(sentences(found))
    assert "No candidate is certain to meet the limits. The nearest is a0.25_128" in said
    assert (
        "Its latency p50 of 3.20 ms (3.14 to 3.26 ms) misses the limit of 3.00 ms by 0.264 ms (9 %)." in said
    )


def test_the_nearest_counts_all_limits():
    light, fast = planted("light", 30, memory=40), planted("fast", 10.2, memory=52)
    found = choose([light, fast], limits(ms=10, memory=50))
    assert found.nearest.candidate == fast
    assert set(found.nearest.over) == {"latency_p50", "peak_memory"}


def test_neighbours_say_what_more_and_less_cost():
    found = choose(GRID, limits(ms=15))
    assert found.better.to.model == "a1.0_160"
    assert found.better.cost == pytest.approx(1.6 * MS)
    assert found.better.broken == ("latency_p50",)
    assert found.faster.to.model == "a1.0_128"
    assert found.faster.cost_per_point == pytest.approx(1.6 * MS / 1.6)
    assert "More accurate: a1.0_160" in " ".join(sentences(found))


def test_runners_up_are_of_other_models():
    others = [planted("a", ms, 100, runtime=f"litert {ms}") for ms in (10, 11.5, 13)]
    found = choose([*others, planted("b", 12, 300), planted("c", 12, 200)], limits(ms=15))
    assert [each.model for each in found.runners_up] == ["c", "b"]


def test_without_accuracy_the_published_one_ranks_and_then_the_work():
    work = {"multiply_adds": exact(4e8)}
    less = {"multiply_adds": exact(2e8)}
    more = planted("more", 10, None, quality={**work, "published": share(600, 1000)})
    fewer = planted("fewer", 8, None, quality={**less, "published": share(700, 1000)})
    found = choose([more, fewer], limits(ms=15))
    assert (found.scale, found.best) == ("published", fewer)
    assert "No accuracy was measured: candidates are ranked by the published ImageNet" in " ".join(
        sentences(found)
    )
    plain = [planted("more", 10, None, quality=work), planted("fewer", 8, None, quality=less)]
    found = choose(plain, limits(ms=15))
    assert (found.scale, found.best.model) == ("multiply_adds", "more")
    assert "candidates are ranked by multiply-adds" in " ".join(sentences(found))
    found = choose([planted("a", 10, None), planted("b", 8, None)], limits(ms=15))
    assert (found.scale, found.best.model) == (None, "b")
    assert "No accuracy is known" in " ".join(sentences(found))


def test_measured_accuracy_leaves_out_what_has_none():
    found = choose([planted("known", 10, 100), planted("unknown", 8, None)], limits(ms=15))
    assert found.best.model == "known"
    assert found.notes == ("1 measurement without accuracy left out.",)


def test_accuracies_of_different_images_are_not_compared():
    models = [planted("a_digits", 5), planted("b_digits", 5), planted("c_shapes", 4, task="others")]
    with pytest.raises(UsageError, match="not comparable") as error:
        choose(models, limits(ms=15))
    assert "--model '*_digits'" in error.value.hint


@pytest.mark.parametrize(
    ("candidates", "limited", "words"),
    [
        ([], {}, "nothing to choose from"),
        ([planted("a", 5, None)], limits(accuracy=0.5), "no accuracy is known"),
        (
            [
                planted(
                    "a",
                    5,
                    figures={"latency_p50": exact(5 * MS)},
                    lacks={"peak_memory": "memory was not measured"},
                )
            ],
            limits(memory=5),
            "No candidate has a figure for peak memory: memory was not measured",
        ),
        ([planted("a", 5, figures={})], limits(ms=5), "No candidate has a latency"),
    ],
)
def test_a_limit_on_what_nobody_knows_is_refused(candidates, limited, words):
    with pytest.raises(UsageError, match=words):
        choose(candidates, limited)


def test_what_lacks_a_limited_figure_is_never_chosen():
    blind = planted("blind", 5, 10)
    figures = {name: seen for name, seen in blind.figures.items() if name != "peak_memory"}
    found = choose([planted("blind", 5, 10, figures=figures), planted("seen", 9, 300)], limits(memory=60))
    assert found.best.model == "seen"
    assert found.notes == ("1 measurement without peak memory left out.",)


def test_two_models_of_one_name_are_told_apart():
    twins = [planted("m", 10, 100, digest="a" * 64), planted("m", 10.01, 100, digest="b" * 64)]
    said = " ".join(sentences(choose(twins, limits(ms=15))))
    assert "SHA-256 aaaaaaaa…" in said
    assert "SHA-256 bbbbbbbb…" in said


candidates = st.lists(
    st.builds(
        planted,
        st.sampled_from("abcdefgh"),
        st.floats(1, 50),
        st.integers(0, N),
        memory=st.floats(1, 100),
        apart=st.floats(0, 0.2),
        digest=st.text("0123456789abcdef", min_size=8, max_size=8),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(candidates, st.floats(1, 60), st.floats(1, 120), st.one_of(st.none(), st.floats(0, 1)))
def test_the_chosen_one_holds_the_limits_and_is_dominated_by_none_that_does(pool, ms, memory, accuracy):
    limited = limits(ms, memory, accuracy)
    found = choose(pool, limited)
    holding = [each for each in pool if all(each.standing(*limit) == "holds" for limit in limited.items())]
    assert (found.best is None) == (not holding)
    if found.best is None:
        assert found.nearest.candidate in pool
        return
    assert found.best in holding
    best = found.telling.cost_of(found.best), -found.telling.quality_of(found.best)
    for each in holding:
        other = found.telling.cost_of(each), -found.telling.quality_of(each)
        assert not (other[0] <= best[0] and other[1] <= best[1] and other != best)
        # one that is more accurate than the best of those that meet the limits would have been chosen
        assert not (found.telling.better(each, found.best) and found.telling.cheaper(each, found.best))
    assert {found.best.model}.isdisjoint(each.model for each in found.runners_up)
    assert choose(pool[::-1], limited).best.key == found.best.key


@settings(max_examples=100, deadline=None)
@given(candidates)
def test_the_front_goes_up_in_both(pool):
    found = choose(pool, {})
    if found.better:
        assert found.better.quality > 0
    if found.faster:
        assert found.faster.cost < 0
        assert found.faster.quality <= 0
