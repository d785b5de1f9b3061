"""How a message of a business looks on a phone."""

from cloud_simulator.entities.message import Message
from cloud_simulator.entities.phone import Attachment, Bubble, Choice, Emoji, Phone, Quote
from cloud_simulator.entities.template import Template
from cloud_simulator.graph.interactive import Buttons, Interactive, List
from cloud_simulator.graph.send_request import SendRequest
from cloud_simulator.state import State

_WITH_CONTENT = frozenset({"location", "contacts", "interactive"})


def message_text(request: SendRequest, template: Template | None) -> str:
    """Return the text or caption of a message."""
    if request.text:
        return request.text.body
    if request.interactive:
        return request.interactive.body.text
    if template and request.template:
        return template.fill(request.template.body)
    captioned = request.image or request.video or request.document
    return (captioned.caption or "") if captioned else ""


def render_bubble(
    state: State, message: Message, request: SendRequest, phone: Phone, template: Template | None
) -> Bubble:
    """Return the bubble that the phone shows."""
    quoted = state.messages.get(request.quotes) if request.quotes else None
    header, footer, buttons, rows = _choices(request.interactive)
    if template:
        buttons = [Choice(id=text, title=text) for text in template.buttons]
    is_caption = bool(request.source and not request.interactive)
    reaction = request.reaction
    return Bubble(
        id=message.id,
        sender=message.number,
        to=phone.number,
        kind="voice" if message.voice else request.type,
        text="" if is_caption else message.text,
        caption=message.text if is_caption else "",
        header=header,
        footer=footer,
        buttons=buttons,
        rows=rows,
        quote=Quote(id=quoted.id, text=quoted.text) if quoted else None,
        reaction=Emoji(id=reaction.message_id, emoji=reaction.emoji) if reaction else None,
        media=_attachment(state, request),
        template=template.name if template else None,
        content=getattr(request, request.type) if request.type in _WITH_CONTENT else None,
        ref=message.ref,
        at=int(state.now() * 1000),
    )


def _attachment(state: State, request: SendRequest) -> Attachment | None:
    if request.source is None:
        return None
    kind, source = request.source
    name = request.document.filename if request.document else None
    if source.id is None:
        return Attachment(kind=kind, link=source.link, filename=name, voice=request.voice)
    file = state.media.find(source.id, state.now())
    return Attachment(
        kind=kind,
        media=file.id,
        mimetype=file.mimetype,
        filename=name or file.filename or None,
        sha256=file.sha256,
        size=len(file.data),
        voice=request.voice,
    )


def _choices(interactive: Interactive | None) -> tuple[str, str, list[Choice], list[Choice]]:
    """Return header, footer, buttons and rows."""
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
