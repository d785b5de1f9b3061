"""The settings of the Cloud API."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr

from cleo.channels.http.base_url import BaseUrl
from cleo.channels.http.secret_setting import SendableSecret
from cleo.channels.whatsapp.backend_settings import BackendSettings
from cleo.domain.content import Template
from cleo.domain.errors import ConfigError


def _template(text: object) -> object:
    """Read `name:language`."""
    if not isinstance(text, str):
        return text
    name, _, language = text.partition(":")
    if not re.fullmatch(r"[a-z0-9_]{1,512}", name) or not re.fullmatch(
        r"[a-z]{2,3}(_[A-Za-z]{2,4})?", language
    ):
        raise ValueError(f"{text!r} does not name a template and its language")
    return Template(name=name, language=language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The settings that the Cloud API requires."""

    phone_number_id: str
    token: SecretStr
    app_secret: SecretStr
    verify_token: SecretStr


class CloudSettings(BackendSettings):
    """The fields of the Cloud API."""

    whatsapp_cloud_phone_number_id: str | None = Field(None, examples=["106540352242922"])
    """Cloud API: the id of Cleo's phone number, from the app's API set-up. Not the number itself."""
    whatsapp_cloud_token: SendableSecret | None = Field(
        None, examples=["EAAJB…"], json_schema_extra={"file": True}
    )
    """Cloud API: the token of a system user who may use `whatsapp_business_messaging`, and for `cleo doctor` also
    `whatsapp_business_management`."""
    whatsapp_cloud_app_secret: SendableSecret | None = Field(
        None, examples=["0123456789abcdef0123456789abcdef"], json_schema_extra={"file": True}
    )
    """Cloud API: the app secret, with which Meta signs what it posts. Nothing unsigned is taken."""
    whatsapp_cloud_verify_token: SendableSecret | None = Field(
        None, examples=["a-word-of-your-choice"], json_schema_extra={"file": True}
    )
    """Cloud API: a word of your choice, which you type into Meta's form beside the callback URL."""
    whatsapp_cloud_waba_id: str | None = Field(None, examples=["102290129340398"])
    """Cloud API: the id of the WhatsApp Business Account; with it `cleo doctor` looks at subscriptions and
    templates, too."""
    whatsapp_cloud_api_version: str = Field("v26.0", examples=["v26.0"])
    """Cloud API: the version of Meta's Graph API."""
    whatsapp_cloud_base_url: BaseUrl = Field(
        "https://graph.facebook.com", examples=["https://graph.facebook.com"]
    )
    """Cloud API: where it is. `http` only for a fake on this machine."""
    whatsapp_cloud_fallback_template: Annotated[Template | None, BeforeValidator(_template)] = Field(
        None, examples=["hello_again:en"]
    )
    """Cloud API: an approved template without variables, `name:language`. It is sent once when somebody has not
    written for a day, and what Cleo wants to say waits for the answer. Not set: nothing is
    sent, and the model is told."""
    whatsapp_cloud_chat_seconds: float = Field(6, ge=0, le=600, examples=[6])
    """Cloud API: seconds between messages to one person, after a burst of ten. WhatsApp takes about one each 6 s."""
    whatsapp_cloud_doubt_seconds: float = Field(20, gt=0, le=3600, examples=[20])
    """Cloud API: seconds that Cleo waits for news of a message whose sending was cut off."""

    def credentials(self) -> Credentials:
        """Return the required settings; raises `ConfigError` with the names of all that are missing."""
        number, token = self.whatsapp_cloud_phone_number_id, self.whatsapp_cloud_token
        secret, verify = self.whatsapp_cloud_app_secret, self.whatsapp_cloud_verify_token
        if number and token and secret and verify:
            return Credentials(phone_number_id=number, token=token, app_secret=secret, verify_token=verify)
        given = {"PHONE_NUMBER_ID": number, "TOKEN": token, "APP_SECRET": secret, "VERIFY_TOKEN": verify}
        missing = ", ".join(f"WHATSAPP_CLOUD_{name}" for name, text in given.items() if not text)
        raise ConfigError(
            f"WHATSAPP_BACKEND=cloud needs {missing}. docs/howto/cloud.md tells step by step where they come from. "
            "For example: WHATSAPP_CLOUD_PHONE_NUMBER_ID=106540352242922"
        )
