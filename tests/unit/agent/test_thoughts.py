"""What a model wrote for itself never reaches people; what only talks about such marks stays."""

import time

import pytest
from pydantic_ai.messages import TextPart, ThinkingPart
from tests.support.scripted_model import answers

from cleo.agent.model.endings import for_people
from cleo.agent.model.thoughts import without_thoughts


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Tea.", "Tea."),
        ("<think>secret</think>Tea.", "Tea."),
        ("<think>\nsecret\n</think>\n\nTea.", "Tea."),
        ("secret\n</think>\n\nTea.", "Tea."),
        ("<THINKING>secret</THINKING> Tea.", "Tea."),
        ("<reasoning>secret</reasoning>Tea.", "Tea."),
        ("<thought>secret</thought>Tea.", "Tea."),
        ("[THINK]secret[/THINK]Tea.", "Tea."),
        ("◁think▷secret◁/think▷Tea.", "Tea."),
        ("Tea.<think>secret", "Tea."),
        ("<think>secret", ""),
        ("<think>a</think>Tea<think>b</think>.", "Tea."),
        ("<think>a ``` b</think>Tea.", "Tea."),
        ("<think>say `</think>`?</think>Tea.", "Tea."),
        (
            "<|channel|>analysis<|message|>secret<|end|><|start|>assistant<|channel|>final<|message|>Tea.<|return|>",
            "Tea.",
        ),
        ("<|start|>assistant<|channel|>analysis<|message|>secret<|end|>", ""),
        ("Use `<think>` so.", "Use `<think>` so."),
        ("```xml\n<think>shown</think>\n```\nThat is it.", "```xml\n<think>shown</think>\n```\nThat is it."),
        ("<think>secret</think>Use ```<think>```.", "Use ```<think>```."),
        ("I think > all.", "I think > all."),
    ],
)
def test_only_what_is_for_people_is_left(written: str, shown: str) -> None:
    assert without_thoughts(written) == shown


@pytest.mark.parametrize(
    "mark", ["<think>", "</think>", "`", "```", "~~~", "<|channel|>", "<|channel|>final", "[THINK]"]
)
def test_it_takes_linear_time(mark: str) -> None:
    def seconds(text: str) -> float:
        start = time.process_time()
        for _ in range(3):
            without_thoughts(text)
        return time.process_time() - start

    few = max(min(seconds(f"{mark} a" * 10_000) for _ in range(3)), 0.005)
    assert min(seconds(f"{mark} a" * 40_000) for _ in range(3)) < 10 * few


def test_a_tag_that_is_divided_between_pieces_is_a_tag() -> None:
    pieces = for_people(answers(TextPart("<th"), TextPart("ink>x</th"), TextPart("ink>Tea.")))
    assert [getattr(part, "content", "") for part in pieces.parts] == ["Tea."]


def test_an_answer_that_was_taken_for_a_thought_is_found() -> None:
    found = for_people(answers(ThinkingPart("secret</think>Tea.")))
    assert found.text == "Tea."
