"""What a business can ask about its numbers, and that they are independent."""

import json

from cloud_harness import ANN, NUMBER, TOKEN, Harness, error_code, running_harness


async def test_a_business_can_ask_about_itself(harness: Harness) -> None:
    fields = "status,quality_rating,throughput,platform_type,health_status,webhook_configuration"
    number = (await harness.graph("GET", f"/{NUMBER}", params={"fields": fields})).json()
    assert (number["id"], number["status"]) == (NUMBER, "CONNECTED")
    assert number["throughput"] == {"level": "STANDARD"}
    assert error_code(await harness.graph("GET", f"/{NUMBER}", params={"fields": "shoe_size"})) == 100
    token = (await harness.graph("GET", "/debug_token", params={"input_token": TOKEN})).json()["data"]
    assert token["is_valid"]
    assert "whatsapp_business_messaging" in token["scopes"]
    other = (await harness.graph("GET", "/debug_token", params={"input_token": "x"})).json()["data"]
    assert not other["is_valid"]


async def test_several_numbers_are_independent(harness: Harness) -> None:
    second = {
        "phone_number_id": "1002",
        "waba_id": "9002",
        "token": "second",
        "display_phone_number": "15550002000",
    }
    await harness.register_number(**second)
    await harness.send_from_phone(text="to the second", to="1002")
    received = await harness.settled()
    assert [value["metadata"]["phone_number_id"] for value in received.values()] == ["1002"]
    answer = await harness.http.post(
        f"{harness.simulator.base_url}/v26.0/1002/messages",
        headers={"Authorization": "Bearer second"},
        json={"messaging_product": "whatsapp", "to": ANN, "text": {"body": "hi"}},
    )
    assert answer.is_success
    assert [bubble["from"] for bubble in await harness.bubbles()] == ["1002"]
    assert error_code(await harness.graph("POST", "/1002/messages", json={})) == 100


async def test_the_same_seed_gives_the_same_ids() -> None:
    ids: list[str] = []
    for _ in range(2):
        async with running_harness() as harness:
            ids.append(json.dumps((await harness.send_text()).json()))
    assert ids[0] == ids[1]
