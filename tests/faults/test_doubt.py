"""The oracle of doubts forgives marked repeats and what is told to be in doubt, and nothing else."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.faults.cloud_harness import Books, Entry, Row
from tests.faults.doubt import Doubt, judge_in_doubt
from tests.faults.oracle import GAVE_UP, Evidence, View
from tests.faults.seen import Effect, Shown, Told
from tests.faults.workload import Wish

ANN = "4915100000001"
CLEO = "1001"
TEXTS = ("ok m00001", "ok m00002", "ok m00003")


def shown(number: int, text: str, ref: str) -> Shown:
    return Shown.model_validate(
        {"seq": number, "id": f"B{number}", "from": CLEO, "kind": "text", "text": text, "ref": ref}
    )


def evidence(*bubbles: tuple[str, str]) -> Evidence:
    """Ann said three things, and saw these words under these names."""
    wishes = [Wish(f"m0000{n}", "say", f"A{n}", ANN) for n in (1, 2, 3)]
    return Evidence(
        wishes=wishes,
        yes={},
        ledger=[Told(seq=n, id=wish.id, chat=ANN, state="receipted") for n, wish in enumerate(wishes)],
        views=[View(ANN, ANN, [shown(n, text, ref) for n, (text, ref) in enumerate(bubbles, 1)])],
        effects=[],
    )


def doubt(*refs: str, states: Sequence[str] = ("delivered",) * 3, attempt: int = 2, **more: object) -> Doubt:
    """The Graph server took these; the agent sent three answers."""
    lines = [Entry(seq=1, event="accepted", id=f"B{n}", ref=ref) for n, ref in enumerate(refs)]
    lines.append(Entry(seq=2, event="webhook", items=["message:A1", "delivered:B1"], answer=503))
    lines.append(Entry(seq=3, event="webhook", items=["message:A1", "delivered:B1"], answer=200))
    rows = [
        Row(seq=n, attempt=attempt, key=f"k{n}", conversation="ann", state=state, text=text, filename="")
        for n, (state, text) in enumerate(zip(states, TEXTS, strict=True), 1)
    ]
    items = ["1001/message/A1", "1001/status/B1/delivered"]
    known = Doubt(
        cuts=1,
        account=CLEO,
        books=Books(lines),
        outbox=rows,
        items=items,
        given_up=set(),
        chats={"A1": "ann", "A2": "ann", "A3": "ann"},
    )
    return replace(known, **more)  # type: ignore[arg-type]  # test data


KEYS = ("k1", "k2", "k3")
WHOLE = tuple(zip(TEXTS, KEYS, strict=True))
TWICE = (*WHOLE[:2], (TEXTS[1], "k2#2"), WHOLE[2])
IN_DOUBT = ("delivered", "unknown", "delivered")


def test_nothing_is_wrong_with_what_is_right() -> None:
    assert judge_in_doubt(evidence(*WHOLE), doubt(*KEYS)).wrong == []


def test_a_marked_repeat_is_forgiven_and_counted() -> None:
    verdict = judge_in_doubt(evidence(*TWICE), doubt(*KEYS, "k2#2"))
    assert (verdict.wrong, verdict.counts["there twice, and marked"]) == ([], 1)


def test_a_repeat_whose_first_never_came_is_an_answer() -> None:
    verdict = judge_in_doubt(evidence(WHOLE[0], (TEXTS[1], "k2#2"), WHOLE[2]), doubt("k1", "k2#2", "k3"))
    assert (verdict.wrong, verdict.counts["sent once more, and there once"]) == ([], 1)


def test_what_is_told_to_be_in_doubt_is_forgiven_and_counted() -> None:
    missing = doubt("k1", "k3", states=IN_DOUBT, given_up={"k2"})
    verdict = judge_in_doubt(evidence(WHOLE[0], WHOLE[2]), missing)
    assert (verdict.wrong, verdict.counts["nobody knows, and told"]) == ([], 1)


@pytest.mark.parametrize(
    ("seen", "known", "finding"),
    [
        ((*WHOLE, WHOLE[2]), doubt(*KEYS, "k3"), "k3 was sent 2 times, unmarked"),
        ((*WHOLE, WHOLE[2]), doubt(*KEYS), "shows k3 2 times"),
        ((*WHOLE, (TEXTS[2], "k4")), doubt(*KEYS), "2 answers to m00003"),
        (TWICE, doubt(*KEYS, "k2#2", cuts=0), "1 messages are there twice after 0 cuts"),
        ((WHOLE[0], WHOLE[2]), doubt("k1", "k3"), "no answer|k2 never arrived"),
        ((WHOLE[0], WHOLE[2]), doubt("k1", "k3", states=IN_DOUBT), "k2 is in doubt, and nobody is told"),
        (
            WHOLE,
            doubt(*KEYS, states=IN_DOUBT, given_up={"k2"}),
            "k2 arrived, and the agent takes it for unknown",
        ),
        (
            (),
            doubt(states=("unknown",) * 3, given_up=set(KEYS)),
            "3 messages stay in doubt after 1 cuts",
        ),
        ((WHOLE[1], WHOLE[0], WHOLE[2]), doubt(*KEYS), "out of order"),
        (WHOLE, doubt(*KEYS, items=["1001/message/A1"]), "A1|delivered is kept 0 times"),
        (WHOLE, doubt(*KEYS, items=["1001/message/A1", "1001/message/A7"]), "A7 was never told"),
        (
            WHOLE,
            doubt(*KEYS, books=Books([Entry(seq=1, event="webhook", items=["message:A1"], answer=503)])),
            "message:A1 was never taken",
        ),
    ],
)
def test_everything_else_is_found(seen: Sequence[tuple[str, str]], known: Doubt, finding: str) -> None:
    assert re.search(finding, "\n".join(judge_in_doubt(evidence(*seen), known).wrong))


def test_only_what_was_overtaken_may_be_out_of_order() -> None:
    mixed = evidence(WHOLE[1], WHOLE[0], WHOLE[2])
    assert judge_in_doubt(replace(mixed, overtaken=frozenset({"m00002"})), doubt(*KEYS)).wrong == []


def test_what_is_in_doubt_is_put_in_also_where_a_chat_shows_nothing() -> None:
    """Such as the word that Cleo gave up."""
    word = Row(seq=1, attempt=2, key="k1", conversation="ann", state="unknown", text=GAVE_UP, filename="")
    known = doubt(outbox=[word], given_up={"k1"})
    dead = replace(evidence(), dead=frozenset({"A1", "A2", "A3"}))
    assert judge_in_doubt(dead, known).wrong == []
    assert len(judge_in_doubt(dead, replace(known, chats={})).wrong) == 3


def test_a_question_in_doubt_excuses_all_that_its_run_was_to_answer() -> None:
    """What was said with it waits as well; what else is missing is missing."""
    asked = Row(seq=2, attempt=2, key="k2", conversation="ann", state="unknown", text="Confirm?", filename="")
    rows = [row if row.key != "k2" else asked for row in doubt().outbox if row.key != "k3"]
    known = doubt("k1", outbox=rows, given_up={"k2"}, unasked=frozenset({"A2", "A3"}))
    assert judge_in_doubt(evidence(WHOLE[0]), known).wrong == []
    happened = replace(evidence(WHOLE[0]), effects=[Effect(tool="mark", number="m00003", key="c")])
    happened = replace(happened, wishes=[replace(wish, wish="mark") for wish in happened.wishes])
    assert judge_in_doubt(happened, known).wrong == []
    [missing, unsaid] = judge_in_doubt(happened, replace(known, unasked=frozenset({"A2"}))).wrong
    assert "no answer to m00003" in missing
    assert "m00003 happened and nobody was told" in unsaid
