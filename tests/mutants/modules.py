"""Which modules are broken, and by which tests that must be noticed: the fewest that tell their whole story."""

from collections.abc import Mapping, Sequence

_STORIES = (
    "tests/unit/domain/test_confirmation.py",
    "tests/unit/domain/test_answer.py",
    "tests/unit/agent/test_read_answer.py",
    "tests/unit/agent/test_guarantee_confirmation.py",
    "tests/unit/agent/test_guarantee_bare_yes.py",
    "tests/unit/agent/test_confirmation_story.py",
    "tests/unit/agent/test_unseen_questions.py",
    "tests/unit/agent/test_early_answers.py",
)

MODULES: Mapping[str, Sequence[str]] = {
    "domain/access.py": ["tests/unit/domain/test_access.py"],
    "domain/confirmation.py": ["tests/unit/domain/test_confirmation.py", "tests/unit/domain/test_answer.py"],
    "domain/answer.py": ["tests/unit/domain/test_answer.py"],
    "agent/approval/prompt_text.py": [
        "tests/unit/agent/test_question_text.py",
        "tests/unit/agent/test_guarantee_question.py",
    ],
    "agent/approval/visible.py": [
        "tests/unit/agent/test_visible.py",
        "tests/unit/agent/test_guarantee_question.py",
        "tests/unit/agent/test_question_text.py",
    ],
    "agent/approval/tool_hash.py": [
        "tests/unit/agent/test_guarantee_same_as_shown.py",
        "tests/unit/agent/test_tool_hash.py",
    ],
    "agent/approval/origin.py": [
        "tests/unit/agent/test_guarantee_bare_yes.py",
        "tests/unit/agent/test_guarantee_forged_lines.py",
    ],
    "agent/approval/read_answer.py": _STORIES,
    "agent/approval/approval_message.py": _STORIES,
    "agent/approval/early_answers.py": _STORIES,
    "agent/approval/gate.py": [
        "tests/unit/agent/test_gate.py",
        "tests/unit/agent/test_guarantee_same_as_shown.py",
        *_STORIES,
    ],
    "agent/approval/ask.py": ["tests/unit/agent/test_guarantee_question.py", *_STORIES],
    "agent/approval/settle.py": ["tests/unit/agent/test_settle.py", *_STORIES],
    "agent/approval/prompt_delivery.py": ["tests/unit/agent/test_doubt_story.py", *_STORIES],
    "agent/receive.py": [
        "tests/unit/agent/test_receive.py",
        "tests/unit/agent/test_chat_story.py",
        "tests/unit/agent/test_overload.py",
        "tests/unit/agent/test_doubt_story.py",
    ],
    "store/nouns/ledger.py": ["tests/unit/store/test_ledger.py", "tests/contracts/test_store_line.py"],
}
"""Modules below `src/cleo`, each with its tests; those on a Postgres are left out."""
