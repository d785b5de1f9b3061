"""What becomes of a send: checked against the world, accepted, shown on a phone, told in statuses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cloud_simulator.entities.business import Business
from cloud_simulator.entities.media import check_use
from cloud_simulator.entities.phone import Attachment, Bubble, Choice, Emoji, Phone, Quote
from cloud_simulator.entities.template import Template
from cloud_simulator.errors import GraphError, webhook_error
from cloud_simulator.event_log import Line
from cloud_simulator.faults import Case, Fault, Outcome
from cloud_simulator.graph.interactive import Buttons, Interactive, List
from cloud_simulator.graph.send_request import Read, Send
from cloud_simulator.graph.strict_model import Source
from cloud_simulator.state import Known, World, digits
from cloud_simulator.webhooks.webhook_dispatcher import Courier
from cloud_simulator.webhooks.webhook_event import Item

MONTH = 30 * 86400.0
_FAULTS = ("early", "statuses", "fail", "hold", "no_id", "wa_id")
_SEEN = frozenset({"delivered", "read", "played"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A send that was taken: the answer, what happens after it, and what goes wrong with that."""

    answer: dict[str, object]
    statuses: Callable[[], None]
    struck: Mapping[str, Fault]


class Outgoing:
    """The sending side of every business number."""

    def __init__(self, world: World, courier: Courier) -> None:
        self._world = world
        self._courier = courier

    def accept(self, business: Business, send: Send, case: Case) -> Accepted:
        """Take a send; raises `GraphError`. Only what is taken uses a fault up."""
        template = self._template(business, send)
        phone = self._recipient(business, send, template)
        self._check(business, send)
        in_time = self._in_time(business, send, phone)
        self._world.take_pair(business.phone_number_id, phone.id if phone else str(send.to or send.recipient))
        struck = self._world.faults.strike(case, _FAULTS)
        plan = _plan(send, phone, struck, in_time=in_time)
        known = self._keep(business, send, phone, template)
        if phone and _shown(plan):
            phone.show(self._bubble(known, send, phone, template))

        def statuses() -> None:
            for outcome in plan:
                self.status(known, outcome)

        return Accepted(answer=_answer(known, send, phone, struck), statuses=statuses, struck=struck)

    def read(self, business: Business, read: Read) -> None:
        """Mark a person's message as read, and those before it; perhaps show that something is written."""
        known = self._world.messages.get(read.message_id)
        if known is None or not known.inbound or known.number != business.phone_number_id or not known.phone:
            raise GraphError(131009, "message_id is no message that this number has received")
        if known.at + MONTH < self._world.now():
            raise GraphError(131009, "the message is older than 30 days")
        known.phone.mark_read(read.message_id, business.phone_number_id, self._ms())
        if read.typing_indicator:
            known.phone.typed(business.phone_number_id, self._ms())

    def status(self, known: Known, outcome: Outcome) -> None:
        """Tell the business what became of a message."""
        phone = known.phone
        failed = outcome.status == "failed"
        leaf: dict[str, object] = {
            "id": known.id,
            "status": outcome.status,
            "timestamp": str(int(self._world.now())),
        }
        if phone and not phone.hide_phone:
            leaf["recipient_id"] = phone.number
        if phone and phone.user_id and not (failed and known.to_phone):
            leaf["recipient_user_id"] = phone.user_id
        if known.ref is not None:
            leaf["biz_opaque_callback_data"] = known.ref
        if failed:
            leaf["errors"] = [webhook_error(outcome.code or 131026, outcome.details)]
        elif outcome.status in {"sent", "delivered"}:
            leaf["pricing"] = _pricing(known)
        self._courier.post(
            Item(
                number=known.number,
                lane=phone.id if phone else known.id,
                field="messages",
                array="statuses",
                leaf=leaf,
                contacts=[phone.contact] if phone and not failed else [],
                case=Case(
                    on="webhook",
                    number=known.number,
                    phone=phone.names if phone else frozenset(),
                    kind=known.kind,
                    status=outcome.status,
                    ref=known.ref or "",
                    text=known.text,
                ),
            )
        )

    def _recipient(self, business: Business, send: Send, template: Template | None) -> Phone | None:
        if send.to is None:
            if template and template.category == "AUTHENTICATION":
                raise GraphError(131062)
            return self._world.phone(str(send.recipient))
        if digits(send.to) == business.display_phone_number:
            raise GraphError(131021)
        return self._world.dialled(send.to)

    def _template(self, business: Business, send: Send) -> Template | None:
        if send.template is None:
            return None
        template = self._world.template(business.waba_id, send.template.name, send.template.language.code)
        template.filled(send.template.body)
        return template

    def _check(self, business: Business, send: Send) -> None:
        """Raise `GraphError` when something that the message speaks of is not there, or not fit for it."""
        if send.quotes is not None:
            self._exists(business, send.quotes)
        if send.reaction:
            self._can_be_reacted_to(business, send.reaction.message_id)
        if found := send.source:
            self._usable(*found, voice=send.voice)

    def _exists(self, business: Business, id: str) -> Known:
        known = self._world.messages.get(id)
        if known is None or known.number != business.phone_number_id:
            raise GraphError(131009, f"message {id} is none of this number")
        return known

    def _can_be_reacted_to(self, business: Business, id: str) -> None:
        known = self._exists(business, id)
        if known.kind == "reaction" or known.at + MONTH < self._world.now():
            raise GraphError(131009, "a reaction, or a message older than 30 days, cannot be reacted to")

    def _usable(self, kind: str, source: Source, *, voice: bool) -> None:
        if source.id is not None:
            check_use(self._world.media.find(source.id, self._world.now()), kind, voice=voice)

    def _in_time(self, business: Business, send: Send, phone: Phone | None) -> bool:
        """Tell whether the window allows it; raises `GraphError` where that is said at once."""
        world = self._world
        if send.template or phone is None or world.knobs.window == "off":
            return True
        if world.window_open(business.phone_number_id, phone):
            return True
        if world.knobs.window == "sync":
            raise GraphError(131047, "more than 24 hours have passed since the user last wrote")
        return False

    def _keep(self, business: Business, send: Send, phone: Phone | None, template: Template | None) -> Known:
        known = Known(
            id=self._world.wamid(),
            number=business.phone_number_id,
            phone=phone,
            inbound=False,
            kind=send.type,
            at=self._world.now(),
            text=_words(send, template),
            voice=send.voice,
            ref=send.biz_opaque_callback_data,
            to_phone=send.to is not None,
            category=template.category.lower() if template else "service",
        )
        self._world.messages[known.id] = known
        self._world.note(
            Line(
                at=known.at,
                event="accepted",
                number=known.number,
                phone=phone.id if phone else "",
                id=known.id,
                kind=known.kind,
                ref=known.ref or "",
                body=send.model_dump(exclude_unset=True),
            )
        )
        return known

    def _bubble(self, known: Known, send: Send, phone: Phone, template: Template | None) -> Bubble:
        quoted = self._world.messages.get(send.quotes) if send.quotes else None
        header, footer, buttons, rows = _offered(send.interactive)
        if template:
            buttons = [Choice(id=text, title=text) for text in template.buttons]
        words = "" if send.source and not send.interactive else known.text
        return Bubble(
            id=known.id,
            sender=known.number,
            to=phone.number,
            kind="voice" if known.voice else send.type,
            text=words,
            caption=known.text if send.source and not send.interactive else "",
            header=header,
            footer=footer,
            buttons=buttons,
            rows=rows,
            quote=Quote(id=quoted.id, text=quoted.text) if quoted else None,
            reaction=Emoji(id=send.reaction.message_id, emoji=send.reaction.emoji) if send.reaction else None,
            media=self._attachment(send),
            template=template.name if template else None,
            content=getattr(send, send.type)
            if send.type in {"location", "contacts", "interactive"}
            else None,
            ref=known.ref,
            at=self._ms(),
        )

    def _attachment(self, send: Send) -> Attachment | None:
        if send.source is None:
            return None
        kind, source = send.source
        name = send.document.filename if send.document else None
        if source.id is None:
            return Attachment(kind=kind, link=source.link, filename=name, voice=send.voice)
        file = self._world.media.find(source.id, self._world.now())
        return Attachment(
            kind=kind,
            media=file.id,
            mimetype=file.mimetype,
            filename=name or file.filename or None,
            sha256=file.sha256,
            size=len(file.data),
            voice=send.voice,
        )

    def _ms(self) -> int:
        return int(self._world.now() * 1000)


def _plan(
    send: Send, phone: Phone | None, struck: Mapping[str, Fault], *, in_time: bool
) -> Sequence[Outcome]:
    """Say which statuses will come."""
    if phone is None:
        return [Outcome(status="failed", code=131026)]
    if not in_time:
        return [Outcome(status="failed", code=131047)]
    if fault := struck.get("statuses") or struck.get("fail"):
        return fault.outcomes
    plan = [Outcome(status="sent"), Outcome(status="delivered")]
    if phone.auto_read:
        plan.append(Outcome(status="read"))
        if send.voice:
            plan.append(Outcome(status="played"))
    return plan


def _shown(plan: Sequence[Outcome]) -> bool:
    states = {outcome.status for outcome in plan}
    return "failed" not in states or bool(states & _SEEN)


def _answer(known: Known, send: Send, phone: Phone | None, struck: Mapping[str, Fault]) -> dict[str, object]:
    contact: dict[str, object] = {"input": send.to or send.recipient}
    if fault := struck.get("wa_id"):
        contact["wa_id"] = fault.wa_id
    elif send.to is not None or (phone and not phone.hide_phone):
        contact["wa_id"] = phone.number if phone else digits(str(send.to))
    if phone and phone.user_id:
        contact["user_id"] = phone.user_id
    message: dict[str, object] = {"id": known.id}
    if "hold" in struck:
        message["message_status"] = "held_for_quality_assessment"
    elif send.template:
        message["message_status"] = "accepted"
    answer: dict[str, object] = {"messaging_product": "whatsapp", "contacts": [contact]}
    return answer if "no_id" in struck else {**answer, "messages": [message]}


def _pricing(known: Known) -> dict[str, object]:
    return {"billable": True, "pricing_model": "PMP", "category": known.category, "type": "regular"}


def _words(send: Send, template: Template | None) -> str:
    if send.text:
        return send.text.body
    if send.interactive:
        return send.interactive.body.text
    if template and send.template:
        return template.filled(send.template.body)
    captioned = send.image or send.video or send.document
    return (captioned.caption or "") if captioned else ""


def _offered(interactive: Interactive | None) -> tuple[str, str, list[Choice], list[Choice]]:
    if interactive is None:
        return "", "", [], []
    above = getattr(interactive, "header", None)
    header = (above.text or "") if above else ""
    footer = interactive.footer.text if interactive.footer else ""
    buttons: list[Choice] = []
    rows: list[Choice] = []
    if isinstance(interactive, Buttons):
        buttons = [Choice(id=one.reply.id, title=one.reply.title) for one in interactive.action.buttons]
    if isinstance(interactive, List):
        rows = [
            Choice(id=row.id, title=row.title, description=row.description or "")
            for section in interactive.action.sections
            for row in section.rows
        ]
    return header, footer, buttons, rows
