"""Business numbers, each with its token, secrets and callback."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SCOPES = ("whatsapp_business_messaging", "whatsapp_business_management")


class Business(BaseModel):
    """A business number. Webhooks go to `callback` once the account is subscribed."""

    model_config = ConfigDict(extra="forbid")

    phone_number_id: str = Field(pattern=r"^\d+$")
    waba_id: str = Field("9001", pattern=r"^\d+$")
    token: str = Field(min_length=1)
    app_secret: str = Field(min_length=1)
    verify_token: str = Field(min_length=1)
    callback: str | None = None
    display_phone_number: str = "15550001000"
    verified_name: str = "Cleo"
    app_id: str = "7001"
    subscribed: bool = True
    scopes: list[str] = list(SCOPES)
    expires_at: int = 0
    """When the token expires, in Unix seconds; 0: never."""
    status: str = "CONNECTED"
    quality_rating: str = "GREEN"
    is_official_business_account: bool = False
    is_on_biz_app: bool = False
    platform_type: str = "CLOUD_API"
    can_send_message: Literal["AVAILABLE", "LIMITED", "BLOCKED"] = "AVAILABLE"

    @property
    def metadata(self) -> dict[str, object]:
        """How webhooks identify it."""
        return {"display_phone_number": self.display_phone_number, "phone_number_id": self.phone_number_id}

    def fields(self) -> dict[str, object]:
        """Return all fields of `GET /{phone_number_id}?fields=`."""
        own = (
            "display_phone_number", "verified_name", "status", "quality_rating", "is_official_business_account",
            "is_on_biz_app", "platform_type",
        )  # fmt: skip
        return {
            "id": self.phone_number_id,
            **self.model_dump(include=set(own)),
            "throughput": {"level": "STANDARD"},
            "webhook_configuration": {"application": self.callback or ""},
            "health_status": self._health(),
        }

    def _health(self) -> dict[str, object]:
        state = self.can_send_message
        number: dict[str, object] = {"entity_type": "PHONE_NUMBER", "id": self.phone_number_id}
        if state != "AVAILABLE":
            why = {
                "error_code": 141006,
                "error_description": "No payment method",
                "possible_solution": "Add one",
            }
            number["errors"] = [why]
        account = {"entity_type": "WABA", "id": self.waba_id, "can_send_message": "AVAILABLE"}
        return {"can_send_message": state, "entities": [{**number, "can_send_message": state}, account]}
