"""Which modules are broken, and by which tests that must be noticed: the fewest that tell their whole story."""

from collections.abc import Mapping, Sequence

_ANSWERS = (
    "tests/unit/domain/test_confirmation.py",
    "tests/unit/agent/test_confirmation_story.py",
    "tests/unit/agent/test_guarantee_confirmation.py",
    "tests/unit/agent/test_unseen_questions.py",
)

MODULES: Mapping[str, Sequence[str]] = {
    "domain/access.py": ["tests/unit/domain/test_access.py"],
    "domain/confirmation.py": ["tests/unit/domain/test_confirmation.py"],
    "agent/question.py": [
        "tests/unit/agent/test_question_text.py",
        "tests/unit/agent/test_guarantee_question.py",
    ],
    "agent/vote.py": _ANSWERS,
    "agent/gate.py": [*_ANSWERS, "tests/unit/agent/test_crash_at_every_commit.py"],
    "agent/confirm.py": _ANSWERS,
    "agent/receive.py": [
        "tests/unit/agent/test_chat_story.py",
        "tests/unit/agent/test_overload.py",
        "tests/unit/agent/test_doubt_story.py",
    ],
    "store/ledger.py": [
        "tests/contracts/test_store_line.py",
        "tests/unit/agent/test_crash_at_every_commit.py",
    ],
}
"""Modules below `src/cleo`, each with its tests."""
