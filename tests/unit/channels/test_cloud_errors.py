"""Meta's numbers, as people and the line read them."""

import pytest

from cleo.channels.whatsapp.cloud.errors import ErrorClass, error_class_of, is_window, reason_of


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("retry", [1, 2, 131000, 131016, 131057, 133004]),
        ("throttle", [4, 80007, 130429, 429, 131056, 131208]),
        ("auth", [0, 3, 10, 190, 200, 299, 131005]),
        ("sender", [131031, 368, 131045, 133005, 133010, 133016, 131037, 131042, 131044]),
        ("quality", [131048, 131064]),
        ("window", [131047]),
        ("recipient", [131021, 131026, 131030, 131049, 131050, 131062, 130472, 130497, 137000]),
        (
            "payload",
            [100, 131008, 131009, 131051, 131053, 132000, 132001, 132012, 132016, 132068, 131063, 135000],
        ),
        ("media", [131052]),
        ("groups", [131020, 131041, 131201, 131204, 131207, 131212, 131215]),
        ("unknown", [None, 5, 199, 300, 132017, 133017, -1]),
    ],
)
def test_every_number_has_its_class(kind: ErrorClass, codes: list[int | None]) -> None:
    assert [error_class_of(code) for code in codes] == [kind] * len(codes)


def test_only_one_number_waits_for_the_person() -> None:
    assert [code for code in range(140000) if is_window(code)] == [131047]
    assert not is_window(None)


@pytest.mark.parametrize(
    ("code", "setting"),
    [
        (190, "WHATSAPP_CLOUD_TOKEN"),
        (133010, "WHATSAPP_CLOUD_PHONE_NUMBER_ID"),
        (132001, "FALLBACK_TEMPLATE"),
    ],
)
def test_what_the_operator_can_change_is_named(code: int, setting: str) -> None:
    assert setting in reason_of(code, "", "")


def test_metas_words_are_told_where_they_say_more() -> None:
    assert reason_of(131009, "t", "Parameter  body\n is too long").endswith(
        "Meta says: Parameter body is too long"
    )
    assert "title" not in reason_of(131026, "title", "details")


def test_a_number_that_nobody_knows_is_told_as_it_is() -> None:
    said = reason_of(999999, "Odd trouble", "")
    assert "999999" in said
    assert "Odd trouble" in said
    assert reason_of(None, "", "") == "WhatsApp refused the message for a reason that Cleo does not know."


def test_numbers_of_people_are_taken_out_of_metas_words() -> None:
    said = reason_of(100, "", "(#100) Invalid recipient +49 151 1234-5678: 4915112345678")
    assert "1511" not in said
    assert "151" not in said.replace("#100", "")
    assert "(#100) Invalid recipient" in said


def test_long_words_are_cut() -> None:
    assert len(reason_of(100, "", "x" * 10_000)) < 400
