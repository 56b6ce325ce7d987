"""The tab Queues: renamed, merged, split with a date, and undone; and the groups that staff them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from api.dashboard.data import fields as forms
from api.dashboard.data import moves
from api.dashboard.data.calendar import today_of
from api.dashboard.data.moves import TAB
from api.dashboard.data.queues_held import GROUP, group_key, groups_panel, moves_panel, queues_panel
from api.dashboard.data.tabs import Answer, View, changed_since, said, skeleton
from api.dashboard.desk import Asked, Change
from api.dashboard.parts import notice
from api.dashboard.words import Words
from api.groups_told import groups_of, replace_groups
from api.queue_map_schemas import GroupIn, GroupsIn
from forecast.errors import InputError
from forecast.queue_map import Move
from store.queue_map import KeptMove, add_moves, load_moves, undo_moves
from store.queues import load_queues


class QueuesTab:
    """See the module."""

    name, scope, with_queue = TAB, "plan", False

    def show(self, words: Words, asked: Asked, *, may: bool) -> list[Any]:
        """The places."""
        return skeleton(TAB, [])

    def writes(self, act: str) -> bool:
        """Saving, removing and taking a move back change something."""
        return act in ("save", "save-group", "remove-group", "back")

    def body(self, session: Session, view: View) -> Any:
        """The queues, what became of them, who staffs them."""
        queues = load_queues(session)
        if not queues:
            return notice(view.words("empty_data"), view.words("empty_data_text"))
        return [
            queues_panel(queues, moves.last_week(session, view), view),
            moves_panel(load_moves(session), load_moves(session, removed=True), view),
            groups_panel(groups_of(session), view),
        ]

    def late(self, session: Session, view: View) -> Any:
        """Nothing."""

    def press(
        self, change: Change | Session, view: View, act: str, on: str, fields: Mapping[str, Any]
    ) -> Answer:
        """rename, merge, split, group, save, save-group, remove-group, back or close."""
        if act == "close":
            return Answer(form=[])
        if not isinstance(change, Change):
            names = [queue.name for queue in load_queues(change)]
            today = today_of(view)
            made = (
                _group_form(names, view.words)
                if act == GROUP
                else moves.move_form(act, names, today, view.words)
            )
            return Answer(form=made, said=[])
        if act == "save":
            return _moved(change, view, fields)
        if act == "back":
            return _taken_back(change, view, on)
        rows = groups_of(change.session)
        if act == "save-group":
            return _grouped(change, view, [*rows, group_told(fields, view.words)], rows)
        kept = [row for row in rows if group_key(row) != on]
        return _grouped(change, view, kept, rows)

    def preview(self, session: Session, view: View, fields: Mapping[str, Any]) -> Any:
        """What a move makes of last week's contacts."""
        if "kind" not in fields or not (fields.get("queue") or fields.get("queues")):
            return None
        return moves.preview(session, view, fields)

    def undo(self, change: Change, view: View, told: Mapping[str, Any]) -> Answer:
        """Take the moves back, bring them back, or the groups as they were; InputError where somebody changed those since."""
        words = view.words
        line = said(words("data_taken_back"), words("data_next_forecast"), words, TAB, undo=False)
        try:
            if "move" in told:
                _undo_moves(change, int(told["move"]))
            elif "moves" in told:
                new = tuple(
                    Move(int(day), str(queue), str(into), float(share))
                    for day, queue, into, share in told["moves"]
                )
                add_moves(change.session, new, now=change.now)
                change.note("queue_map.add", "queue_map", {"moves": [vars(one) for one in new]})
            else:
                before, after = (GroupsIn.model_validate({"rows": told[one]}) for one in ("groups", "after"))
                if groups_of(change.session) != after.rows:
                    raise changed_since(words)
                replace_groups(change.session, before)
                change.note("groups.replace", "groups", before.model_dump(mode="json"))
        except (KeyError, ValueError, TypeError):
            raise InputError(
                words("data_day_gone"), remedy=words("data_day_gone_remedy"), field="id"
            ) from None
        return Answer(line, changed=True, undo={})


def _moved(change: Change, view: View, fields: Mapping[str, Any]) -> Answer:
    words, new = view.words, moves.moves_told(fields, view.words)
    kept = add_moves(change.session, new, now=change.now)
    change.note("queue_map.add", "queue_map", {"moves": [vars(one) for one in new]})
    title = "; ".join(moves.sentence(one.move, words) for one in kept[:3])
    line = said(title, words("data_move_done"), words, TAB, undo=bool(kept))
    return Answer(line, form=[], changed=True, undo={"move": kept[-1].id} if kept else {})


def _taken_back(change: Change, view: View, on: str) -> Answer:
    words = view.words
    gone = _undo_moves(change, int(on) if on.isdigit() else 0)
    back = [[one.move.from_day, one.move.queue, one.move.into, one.move.share] for one in gone]
    title = words("data_move_gone", n=words.number(len(gone)))
    return Answer(
        said(title, words("data_next_forecast"), words, TAB, undo=True),
        form=[],
        changed=True,
        undo={"moves": back},
    )


def _undo_moves(change: Change, number: int) -> list[KeptMove]:
    gone = undo_moves(change.session, number, now=change.now)
    change.note("queue_map.undo", f"queue_map {number}", {"moves": [vars(one.move) for one in gone]})
    return gone


def _grouped(change: Change, view: View, rows: Sequence[GroupIn], before: Sequence[GroupIn]) -> Answer:
    words, told = view.words, GroupsIn(rows=list(rows))
    replace_groups(change.session, told)
    change.note("groups.replace", "groups", told.model_dump(mode="json"))
    after = groups_of(change.session)  # as they are held now
    undo = {
        "groups": [row.model_dump(mode="json") for row in before],
        "after": [row.model_dump(mode="json") for row in after],
    }
    return Answer(
        said(words("data_groups_saved"), words("data_groups_saved_text"), words, TAB, undo=True),
        form=[],
        changed=True,
        undo=undo,
    )


def group_told(fields: Mapping[str, Any], words: Words) -> GroupIn:
    """The form of a group -> a row; InputError with what is missing."""
    try:
        return GroupIn(
            queue=str(fields.get("queue") or ""),
            group=forms.line_of(fields, "group"),
            site=forms.line_of(fields, "site"),
            since=forms.maybe_day(fields, "since", words),
            share=forms.share_of(fields.get("share"), words),
        )
    except ValidationError:
        raise InputError(
            words("data_group_missing"), remedy=words("data_group_missing_do"), field="group"
        ) from None


def _group_form(queues: Sequence[str], words: Words) -> Any:
    inside = [
        forms.choice(TAB, "queue", words("queue"), [(name, name) for name in queues], None, searchable=True),
        forms.text(TAB, "group", words("data_group"), hint=words("data_group_hint")),
        forms.text(TAB, "site", words("data_group_site"), wide=180),
        forms.number(TAB, "share", words("data_move_share"), words=words, suffix=" %", min=0, max=100),
        forms.day(TAB, "since", words("data_hours_since"), wide=190),
    ]
    buttons = [
        forms.button(TAB, "save-group", words("data_save"), kind="primary"),
        forms.button(TAB, "close", words("data_close")),
    ]
    return forms.form(words("data_group_add"), words("data_group_note"), inside, buttons)
