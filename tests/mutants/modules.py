"""Which modules are broken, and by which tests that must be noticed: the fewest that tell their whole story."""

from collections.abc import Mapping, Sequence

_STORIES = (
    "tests/unit/domain/test_confirmation.py",
    "tests/unit/agent/test_votes.py",
    "tests/unit/agent/test_guarantee_confirmation.py",
    "tests/unit/agent/test_confirmation_story.py",
    "tests/unit/agent/test_unseen_questions.py",
)

MODULES: Mapping[str, Sequence[str]] = {
    "domain/access.py": ["tests/unit/domain/test_access.py"],
    "domain/confirmation.py": ["tests/unit/domain/test_confirmation.py"],
    "agent/question.py": [
        "tests/unit/agent/test_question_text.py",
        "tests/unit/agent/test_guarantee_question.py",
    ],
    "agent/vote.py": _STORIES,
    "agent/gate.py": ["tests/unit/agent/test_gate.py", *_STORIES],
    "agent/confirm.py": ["tests/unit/agent/test_guarantee_question.py", *_STORIES],
    "agent/receive.py": [
        "tests/unit/agent/test_receive.py",
        "tests/unit/agent/test_chat_story.py",
        "tests/unit/agent/test_overload.py",
        "tests/unit/agent/test_doubt_story.py",
    ],
    "store/ledger.py": ["tests/unit/store/test_ledger.py", "tests/contracts/test_store_line.py"],
}
"""Modules below `src/cleo`, each with its tests; those on a Postgres are left out."""
