"""The oracle finds each broken promise: a judge who never says "guilty" proves nothing."""

from dataclasses import replace

import pytest
from tests.faults.numbered_model import PARTS
from tests.faults.oracle import GAVE_UP, Evidence, View, judge
from tests.faults.seen import Effect, Shown, Told
from tests.faults.workload import Wish

ANN = "4915100000001"
CLEO = "4915100000000"


def bubbles(*texts: str) -> list[Shown]:
    fields = {"from": CLEO, "chat": CLEO, "kind": "text"}
    return [
        Shown.model_validate({**fields, "seq": n, "id": f"B{n}", "text": text})
        for n, text in enumerate(texts, 1)
    ]


def evidence(*texts: str) -> Evidence:
    """Ann wrote six wishes, and Cleo said this."""
    wishes = [
        Wish(f"m{number:05}", wish, f"A{number}", ANN)
        for number, wish in enumerate(("say", "mark", "press", "remind", "file", "long"), 1)
    ]
    return Evidence(
        wishes=wishes,
        yes={"m00003": {"K7Q4"}},
        ledger=[
            Told(seq=place, id=wish.id, chat=ANN, state="receipted") for place, wish in enumerate(wishes, 1)
        ],
        views=[View(ANN, ANN, [*bubbles(*texts), file()])],
        effects=[Effect("mark", "m00002", "u:c1"), Effect("press", "m00003", "confirmed:K7Q4")],
    )


def file() -> Shown:
    return Shown.model_validate(
        {
            "seq": 99,
            "id": "F",
            "from": CLEO,
            "chat": CLEO,
            "kind": "document",
            "media": {"filename": "m00005.png"},
        }
    )


LONG = tuple(f"part {part} of m00006" for part in range(1, PARTS + 1))
SAID = (
    "ok m00001",
    "ok m00002\ndone m00002",
    "ok m00003\ndone m00003",
    "ok m00004\ndone m00004",
    "⏰ rang m00004",
    "ok m00005\ndone m00005",
    "ok m00006",
    *LONG,
)


def test_nothing_is_wrong_with_what_is_right() -> None:
    assert judge(evidence(*SAID)).wrong == []


@pytest.mark.parametrize(
    ("texts", "finding"),
    [
        (SAID[1:], "no answer to m00001"),
        ((*SAID, "ok m00001"), "2 answers to m00001"),
        ((SAID[1], SAID[0], *SAID[2:]), "out of order near m00002"),
        ((*SAID, "ok m00077"), "m00077 of another chat"),
        ((*SAID[:4], *SAID[5:]), "never reminded of m00004"),
        ((*SAID, SAID[4]), "reminded 2 times of m00004"),
        (SAID[:-1], r"the parts \[1, 2\]"),
        ((*SAID[:-2], LONG[2], LONG[1]), r"the parts \[1, 3, 2\]"),
        ((SAID[0], "ok m00002", *SAID[2:]), "m00002 happened and nobody was told"),
        ((*SAID, "done m00003"), "2 times that m00003 is done"),
        ((*SAID[1:], GAVE_UP), "no answer to m00001"),
    ],
)
def test_what_the_phone_shows_betrays_what_broke(texts: tuple[str, ...], finding: str) -> None:
    with pytest.raises(AssertionError, match=finding):
        assert judge(evidence(*texts)).wrong == []


@pytest.mark.parametrize(
    ("effects", "finding"),
    [
        ([Effect("mark", "m00002", "u:c1"), Effect("mark", "m00002", "u:c2")], "m00002 was marked 2 times"),
        ([Effect("mark", "m00002", "u:c1")], "m00003 was told as done and never happened"),
        ([Effect("press", "m00003", "confirmed:AAAA")], r"without a yes \(confirmed:AAAA\)"),
        ([Effect("press", "m00003", "confirmed:K7Q4")] * 2, "2 times for the call confirmed:K7Q4"),
    ],
)
def test_the_effects_betray_what_ran_twice_or_unasked(effects: list[Effect], finding: str) -> None:
    with pytest.raises(AssertionError, match=finding):
        assert judge(replace(evidence(*SAID), effects=effects)).wrong == []


def test_what_whatsapp_still_has_is_not_delivered() -> None:
    told = evidence(*SAID).ledger
    ledger = [told[0].model_copy(update={"state": "queued"}), *told[1:]]
    assert judge(replace(evidence(*SAID), ledger=ledger)).wrong == [f"WhatsApp still has A1 of {ANN}: queued"]


def test_a_message_given_up_is_excused_only_when_it_is_kept_and_the_chat_was_told() -> None:
    assert judge(replace(evidence(*SAID[1:], GAVE_UP), dead=frozenset({"A1"}))).wrong == []
    assert judge(replace(evidence(*SAID[1:]), dead=frozenset({"A1"}))).wrong != []


def test_a_file_that_comes_twice_or_not_at_all_is_found() -> None:
    good = evidence(*SAID)
    [view] = good.views
    for wrong in (view.bubbles[:-1], [*view.bubbles, file()]):
        [finding] = judge(replace(good, views=[replace(view, bubbles=wrong)])).wrong
        assert "file of m00005" in finding
