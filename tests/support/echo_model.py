"""A model behind real HTTP that says again what it is told, so that every message can be followed."""

from typing import cast

from tests.support.openai_mock import Answer, Body, OpenAIMock, Says

NOTHING_SCRIPTED = Says("ok")


class EchoModel(OpenAIMock):
    """Says the newest message of the user again, unless there is a script."""

    def answer_to(self, body: Body) -> Answer:
        answer = super().answer_to(body)
        return Says(newest(body)) if answer == NOTHING_SCRIPTED else answer

    @property
    def settings(self) -> dict[str, str]:
        """What the agent needs to use it."""
        return {
            "CLEO_MODEL": "openai-chat:echo",
            "OPENAI_BASE_URL": self.base_url,
            "OPENAI_API_KEY": "a-key-of-the-stories",
        }


def newest(body: Body) -> str:
    """The words of the user's newest message; a burst is one message of several lines."""
    [*_, message] = [message for message in body["messages"] if message["role"] == "user"]
    content = cast("str | list[dict[str, str]]", message["content"])
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part["type"] == "text")
