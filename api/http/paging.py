"""Lists: `page` and `page_size` in, an array with the X-Pagination header out."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint as SmorestBlueprint
from flask_smorest.pagination import PaginationParameters
from sqlalchemy import func, select

from api.errors import unprocessable
from api.extensions import db

MAX_PAGE = 1_000_000


class Blueprint(SmorestBlueprint):
    """A blueprint whose lists have 20 items a page, at most 100."""

    DEFAULT_PAGINATION_PARAMETERS = {"page": 1, "page_size": 20, "max_page_size": 100}  # noqa: RUF012


def page_of(query: Any, paging: PaginationParameters) -> list[tuple[Any, ...]]:
    """The rows of the page of a select; it must sort by something unique in the end."""
    if paging.page > MAX_PAGE:
        unprocessable("page", f"There are never more than {MAX_PAGE} pages.", "query")
    counted = select(func.count()).select_from(query.order_by(None).subquery())
    paging.item_count = db.session.scalar(counted) or 0
    rows = db.session.execute(query.offset(paging.first_item).limit(paging.page_size))
    return [tuple(row) for row in rows]
