"""A ranked list to take away: M3U, XSPF, Spotify URIs. Of other things than tracks, the track of each heard most."""

from __future__ import annotations

from starlette.responses import Response

from page.context import PageContext
from page.errors import NotFound
from page.routes.tops import KINDS
from page.taking import WRITERS, TakenTrack

MOST_TRACKS = 500


def take_away(context: PageContext) -> Response:
    """Answer with a list as a file. Errors: NotFound for a list or an ending that is none."""
    plural, _, ending = context.request.path_params["file"].rpartition(".")
    if plural not in KINDS or ending not in WRITERS:
        endings = ", ".join(WRITERS)
        raise NotFound("There is no such list.", f"There are {', '.join(KINDS)}; the endings are {endings}.")
    kind = KINDS[plural]
    ranked = context.query(f"top_{plural}", row_limit=MOST_TRACKS).rows
    best = {row["key"]: row for row in context.query("take_away", of=kind.value).rows}
    tracks = [
        TakenTrack(
            row["track_name"], row["artist_name"], row["album_name"], row["duration_ms"], row["spotify_track_id"]
        )
        for row in (best.get(one["key"]) for one in ranked if one["rank"] is not None)
        if row is not None
    ]
    media_type, write = WRITERS[ending]
    text = write(f"Top {plural}, {context.params.range_label}", tracks)
    headers = {"content-disposition": f'attachment; filename="top-{plural}.{ending}"'}
    return Response(text, media_type=media_type, headers=headers)


ROUTES = [("/take/{file}", take_away)]
