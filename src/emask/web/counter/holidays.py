"""Closed days as forms send them: a site's own, and those of every site (B9)."""

from emask.counter.opening import close_on, open_after_all
from emask.web.shell.forms import Form
from emask.web.shell.page import Page


async def close_as_sent(page: Page, form: Form, site_code: str | None) -> bool:
    """Close a site, or every site where none is named, on the form's day.

    Returns:
        False if the form is to be corrected; nothing was changed.
    """
    day = form.day("day", page.say("輸入日期，例如 2020-03-16"))
    note = form.note("holiday_note", page.say("用 200 個字以內說明"))
    if day is None or not form.ok:
        return False
    by = page.staff.username
    async with page.system.db.transaction() as tx:
        await close_on(tx, site_code=site_code, day=day, note=note, by=by, now=page.now)
    return True


async def open_as_sent(page: Page, form: Form, site_code: str | None) -> bool:
    """Open on the form's day after all; False if the form is to be corrected."""
    day = form.day("closed_day", page.say("輸入日期，例如 2020-03-16"))
    if day is None:
        return False
    by = page.staff.username
    async with page.system.db.transaction() as tx:
        await open_after_all(tx, site_code=site_code, day=day, by=by, now=page.now)
    return True
