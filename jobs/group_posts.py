"""Posts digests into WhatsApp groups, if Meta allows it for this number. If a post fails, every member still gets the
digest in their own chat.
"""

from dataclasses import asdict
from datetime import timedelta

import structlog

from jobs import stopping
from jobs.pictures import draw_once
from jobs.queue import job
from jobs.work import transaction
from models import PostState
from providers.errors import ChartError, MessengerBroken, MessengerError, NotSent, Refused
from providers.messenger import RefusalMeaning
from services.digest import group_posts
from services.digest.shares import SharedPage
from services.ground.bells import Bell
from world import World

log = structlog.get_logger()

PAUSE = timedelta(minutes=2)


@job("work", timeout=300, answers=Bell.GROUP_POSTS)
def post(world: World) -> None:
    """Post all digests that are due. Does nothing if the group transport cannot post."""
    while world.group_transport.can_post and not stopping.is_stop_asked() and _post_next(world):
        pass


def _post_next(world: World) -> bool:
    """Claim one post and commit, post it with no transaction open, and store the result. Returns False
    if none is due.
    """
    with transaction(world) as session:
        claimed = group_posts.claim(session, world.now())
        if claimed is None:
            return False
        post_id, doubtful = claimed.id, claimed.state is PostState.UNKNOWN
        place, page = claimed.run.group.whatsapp_group_id, group_posts.make_page(session, claimed)
    stopping.die_at("after_group_post_claim")
    if doubtful:
        log.error("group post in doubt", post=post_id)
    elif place is None or page.chart is None:
        _end(world, post_id, PostState.FAILED, "nothing to post")
    else:
        _post(world, post_id, place, page)
    return True


def _post(world: World, post_id: int, place: str, page: SharedPage) -> None:
    try:
        vendor_id = world.group_transport.post(place, page.text, _picture(world, page))
    except MessengerError as error:
        _not_posted(world, post_id, error)
        return
    with transaction(world) as session:
        group_posts.note_posted(session, post_id, vendor_id)
    log.info("posted into the group", post=post_id)


def _not_posted(world: World, post_id: int, error: MessengerError) -> None:
    """Store the failure, and log an error if only the operator can put it right."""
    why = str(error)
    if isinstance(error, NotSent):
        log.warning("group post put off", post=post_id, why=why)
        with transaction(world) as session:
            group_posts.try_again(session, post_id, world.now() + (error.retry_after or PAUSE), why)
    elif isinstance(error, MessengerBroken):
        # 131215 and similar codes: until the operator acts, digests reach members only in their own chats.
        log.error("group posts refused", post=post_id, why=why)
        _end(world, post_id, PostState.FAILED, why)
    elif isinstance(error, Refused):
        if error.meaning is RefusalMeaning.WINDOW_CLOSED:
            log.warning("group post came too late", post=post_id, code=error.code)
        else:
            log.error("group post refused", post=post_id, code=error.code, why=why)
        _end(world, post_id, PostState.FAILED, why)
    else:
        log.error("group post in doubt", post=post_id, why=why)
        _end(world, post_id, PostState.UNKNOWN, why)


def _picture(world: World, page: SharedPage) -> str | None:
    try:
        return world.settings.base_url + draw_once(world, asdict(page.chart)) if page.chart else None
    except ChartError as error:
        log.warning("picture not drawn", why=str(error))
        return None


def _end(world: World, post_id: int, state: PostState, why: str) -> None:
    with transaction(world) as session:
        group_posts.note_ended(session, post_id, state, why)
