"""The geography stage: offline first, a geocoder for the doubtful, nothing asked twice, an outage never a miss."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from extract_load.context import Context
from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings
from extract_load.geography.enrich import derive_lookups, enrich
from extract_load.steps.signals import StepOrder
from extract_load.storage.warehouse import Warehouse
from sandbox import Sandbox
from tests.support.malicious_inputs import hostile_server

from .conftest import AreaBook, mbid_of

pytestmark = pytest.mark.fast

US, MISSOURI, OZARK, DORA, OMAHA = (mbid_of(number) for number in range(1, 6))


@pytest.fixture
def no_seed(tmp_path: Path) -> Path:
    """Return the place of a seed that is not there."""
    return tmp_path / "no_seed.csv"


@pytest.fixture
def online(context: Context, home: Settings, sandbox: Sandbox) -> Context:
    """Return a context whose geocoder is the sandbox's Nominatim."""
    return at_sandbox(context, home, sandbox)


@pytest.fixture
def offline(context: Context, home: Settings) -> Context:
    """Return a context without a geocoder."""
    context.settings = home.model_copy(update={"geocoder": "off"})
    return context


def at_sandbox(context: Context, home: Settings, sandbox: Sandbox, **more: Any) -> Context:
    context.settings = home.model_copy(
        update={"nominatim_base_url": sandbox.nominatim_url, "contact": "test@example.org", **more}
    )
    return context


def ozarks(context: Context) -> AreaBook:
    """Fill in Dora, a place in the Ozarks that no gazetteer knows, and Omaha, which each does."""
    book = AreaBook(context)
    book.add(US, "United States", "Country", "US", country_code="US")
    book.add(MISSOURI, "Missouri", "Subdivision", "US", US, code="US-MO")
    book.add(OZARK, "Ozark County", "County", "US", MISSOURI)
    book.add(DORA, "Dora", "City", "US", OZARK)
    book.add(OMAHA, "Omaha", "City", "US", mbid_of(90))
    book.add(mbid_of(90), "Nebraska", "Subdivision", "US", US, code="US-NE")
    book.add_artist(DORA)
    book.add_artist(OMAHA)
    return book


def test_every_area_is_located_offline(offline: Context, no_seed: Path) -> None:
    book = ozarks(offline)
    result = enrich(offline, manual_seed=no_seed)
    rows = book.coordinates()
    assert (result.status, result.requests, result.counts["areas_located"]) == ("success", 0, 6)
    assert rows[OMAHA]["precision"] == "city"
    assert rows[OMAHA]["confidence"] >= 0.9
    assert "GeoNames" in rows[OMAHA]["attribution"]
    assert rows[US]["precision"] == "country"
    assert rows[MISSOURI]["precision"] == "subdivision"
    assert (rows[DORA]["precision"], rows[DORA]["method"]) == ("parent", "parent_subdivision")


def test_a_second_run_has_nothing_to_do(online: Context, no_seed: Path) -> None:
    book = ozarks(online)
    enrich(online, manual_seed=no_seed)
    before = book.coordinates()
    again = enrich(online, manual_seed=no_seed)
    assert (again.status, again.requests) == ("no_updates", 0)
    assert book.coordinates() == before


def test_the_geocoder_is_asked_about_doubtful_areas_only(online: Context, sandbox: Sandbox, no_seed: Path) -> None:
    book = ozarks(online)
    result = enrich(online, manual_seed=no_seed)
    rows = book.coordinates()
    assert result.requests == 1
    assert result.counts["geocoder_found"] == 1
    assert rows[DORA]["method"] == "geocoder:nominatim"
    assert (round(rows[DORA]["latitude"], 1), round(rows[DORA]["longitude"], 1)) == (36.8, -92.2)
    assert "OpenStreetMap" in rows[DORA]["attribution"]
    assert rows[OMAHA]["method"].startswith("place_name")


def test_an_area_of_no_artist_is_not_asked_about(online: Context, no_seed: Path) -> None:
    book = AreaBook(online)
    book.add(US, "United States", "Country", "US", country_code="US")
    book.add(DORA, "Dora", "City", "US", US)
    assert enrich(online, manual_seed=no_seed).requests == 0


def test_a_miss_is_kept_for_ever_and_leaves_the_offline_answer(online: Context, no_seed: Path) -> None:
    book = ozarks(online)
    book.add(DORA, "Qwxyzville", "City", "US", OZARK)
    result = enrich(online, manual_seed=no_seed)
    row = book.coordinates()[DORA]
    assert result.counts["geocoder_not_found"] == 1
    assert (row["status"], row["precision"], row["attempts"], row["next_attempt_at"]) == ("found", "parent", 1, None)
    assert "knows no place" in row["message"]
    assert enrich(online, manual_seed=no_seed).requests == 0


def test_a_result_in_another_country_is_a_miss(online: Context, no_seed: Path) -> None:
    """Nominatim filters by country, so only the check of other codes is left: Dora is not in Kansas."""
    book = ozarks(online)
    book.add(MISSOURI, "Missouri", "Subdivision", "US", US, code="US-KS")
    book.add(DORA, "Dora", "City", "US", MISSOURI)
    enrich(online, manual_seed=no_seed)
    row = book.coordinates()[DORA]
    assert "elsewhere" in row["message"]
    assert row["method"] != "geocoder:nominatim"


def test_an_outage_is_partial_and_no_miss(online: Context, sandbox: Sandbox, no_seed: Path) -> None:
    book = ozarks(online)
    sandbox.take_down("nominatim")
    try:
        result = enrich(online, manual_seed=no_seed)
    finally:
        sandbox.bring_up("nominatim")
    assert result.status == "partial"
    assert "nominatim" in result.message
    assert book.coordinates()[DORA]["attempts"] == 0
    assert book.coordinates()[OMAHA]["status"] == "found"
    after = enrich(online, manual_seed=no_seed)
    assert (after.status, after.counts["geocoder_found"]) == ("success", 1)


def test_the_limit_holds_and_the_rest_waits(context: Context, home: Settings, sandbox: Sandbox, no_seed: Path) -> None:
    online = at_sandbox(context, home, sandbox, geocoder_limit=2)
    book = ozarks(online)
    for number in range(20, 25):
        book.add(mbid_of(number), f"Qwxyz{number}", "City", "US", OZARK)
        book.add_artist(mbid_of(number))
    result = enrich(online, manual_seed=no_seed)
    assert sum(count for name, count in result.counts.items() if name.startswith("geocoder_")) == 2
    assert "4 doubtful ones wait" in result.message
    assert result.status == "success"


def test_questions_keep_the_pace_of_one_a_second(online: Context, clock: Any, no_seed: Path) -> None:
    book = ozarks(online)
    for number in range(20, 24):
        book.add(mbid_of(number), f"Qwxyz{number}", "City", "US", mbid_of(90))
        book.add_artist(mbid_of(number))
    result = enrich(online, manual_seed=no_seed)
    assert result.requests == 5
    assert sum(clock.slept) == pytest.approx(4.0, abs=0.2)


def test_what_is_set_by_hand_is_not_asked_about(online: Context, tmp_path: Path, caplog: Any) -> None:
    ozarks(online)
    seed = tmp_path / "by_hand.csv"
    seed.write_text(f"area_mbid,latitude,longitude,precision,note\n{DORA},36.78,-92.22,city,seen\nnobody,1,2,city,\n")
    assert enrich(online, manual_seed=seed).requests == 0
    assert "Row 2 of by_hand.csv is left out" in caplog.text


def test_answers_come_back_from_the_cache_without_a_request(
    online: Context, home: Settings, no_seed: Path, clock: Any
) -> None:
    """The warehouse is lost: landing the cache and locating offline lead to the same coordinates."""
    book = ozarks(online)
    book.add_artist(mbid_of(90))
    enrich(online, manual_seed=no_seed)
    before = {mbid: (row["latitude"], row["longitude"], row["method"]) for mbid, row in book.coordinates().items()}
    online.settings.warehouse_path.unlink()
    online.warehouse = Warehouse(online.settings, clock)
    online.landing.land(purpose="test")
    ozarks(online)
    with online.warehouse.open("test") as connection:
        derive_lookups(online.settings, connection, clock)
    after = {mbid: (row["latitude"], row["longitude"], row["method"]) for mbid, row in book.coordinates().items()}
    assert after == before
    assert enrich(online, manual_seed=no_seed).requests == 0


def test_an_area_that_changes_is_located_again(offline: Context, no_seed: Path) -> None:
    book = ozarks(offline)
    enrich(offline, manual_seed=no_seed)
    book.add(OMAHA, "Lincoln", "City", "US", mbid_of(90))
    result = enrich(offline, manual_seed=no_seed)
    assert result.counts["areas_located"] == 1
    assert round(book.coordinates()[OMAHA]["latitude"], 1) == 40.8


def test_it_goes_on_while_musicbrainz_brings_areas(offline: Context, no_seed: Path) -> None:
    """The steps start on what is there and take up what comes, until areas can come no more."""
    book = ozarks(offline)
    signals = offline.signals
    signals.start(StepOrder("fetch areas"))
    results = []
    thread = threading.Thread(target=lambda: results.append(enrich(offline, manual_seed=no_seed)))
    thread.start()
    while OMAHA not in book.coordinates():
        thread.join(0.2)
    assert thread.is_alive()
    book.add(mbid_of(50), "Lincoln", "City", "US", mbid_of(90))
    signals.announce("fetch areas")
    signals.done("fetch areas")
    thread.join(30)
    assert results[0].counts["areas_located"] == 7
    assert mbid_of(50) in book.coordinates()


@pytest.mark.parametrize("name", ["nominatimm", "google maps"])
def test_an_unknown_geocoder_is_told_plainly(context: Context, home: Settings, sandbox: Sandbox, name: str) -> None:
    online = at_sandbox(context, home, sandbox, geocoder=name)
    with pytest.raises(ConfigurationError, match="geopy does not know"):
        enrich(online)


def test_a_geocoder_without_its_key_is_told_plainly(context: Context, home: Settings, sandbox: Sandbox) -> None:
    online = at_sandbox(context, home, sandbox, geocoder="opencage")
    with pytest.raises(ConfigurationError, match="GEOCODER_API_KEY"):
        enrich(online)


def test_a_refusal_of_the_program_is_no_miss_and_offline_answers_stay(
    context: Context, home: Settings, sandbox: Sandbox, no_seed: Path
) -> None:
    """The public server refuses a library's own User-Agent; ours is replaced here to see it happen."""
    online = at_sandbox(context, home, sandbox)
    object.__setattr__(online.settings, "user_agent", lambda: "geopy/2.5")
    book = ozarks(online)
    with pytest.raises(ConfigurationError, match="refuses this program"):
        enrich(online, manual_seed=no_seed)
    assert book.coordinates()[OMAHA]["status"] == "found"
    assert book.coordinates()[DORA]["attempts"] == 0


def test_the_ledger_counts_every_request(online: Context, no_seed: Path) -> None:
    ozarks(online)
    result = enrich(online, manual_seed=no_seed)
    rows = online.state.rows("select * from requests where service = 'nominatim'")
    assert len(rows) == result.requests == 1
    assert rows[0]["endpoint"] == "/search"


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("html", {}),
        ("truncated_json", {}),
        ("empty_body", {}),
        ("no_connection", {}),
        ("server_error", {"status": 503}),
        ("rate_limited", {"retry_after": 1}),
        ("rate_limited", {"retry_after": 7200}),
    ],
)
def test_weather_that_lasts_is_partial_and_never_a_miss(
    online: Context, sandbox: Sandbox, no_seed: Path, kind: str, options: dict[str, Any]
) -> None:
    book = ozarks(online)
    sandbox.faults.add("nominatim", kind, **options)
    result = enrich(online, manual_seed=no_seed)
    row = book.coordinates()[DORA]
    assert result.status == "partial"
    assert (row["attempts"], row["method"], row["message"]) == (0, "parent_subdivision", None)
    assert (result.resume_at is not None) == (options.get("retry_after") == 7200)
    assert "127.0.0.1" not in result.message


def test_weather_that_passes_costs_only_a_retry(online: Context, sandbox: Sandbox, no_seed: Path) -> None:
    book = ozarks(online)
    sandbox.faults.add("nominatim", "server_error", times=1, status=503)
    result = enrich(online, manual_seed=no_seed)
    assert (result.status, result.requests) == ("success", 2)
    assert book.coordinates()[DORA]["method"] == "geocoder:nominatim"


def test_a_refused_question_is_a_failure_of_its_own(online: Context, sandbox: Sandbox, no_seed: Path) -> None:
    """The rest goes on, and the refused one is asked again some months later."""
    book = ozarks(online)
    sandbox.faults.add("nominatim", "url_too_long", limit=10)
    result = enrich(online, manual_seed=no_seed)
    row = book.coordinates()[DORA]
    assert result.counts["geocoder_failed"] == 1
    assert row["attempts"] == 1
    assert row["next_attempt_at"] > online.clock.now()
    assert row["method"] == "parent_subdivision"
    assert enrich(online, manual_seed=no_seed).requests == 0


def test_a_number_that_no_float_can_hold_is_a_failure_of_its_own(online: Context, no_seed: Path) -> None:
    """What the library can't take apart stops neither the stage nor the other places."""
    book = ozarks(online)
    with hostile_server() as server:
        server.exchange = lambda *_: (200, {}, b'[{"lat": 1' + b"0" * 400 + b', "lon": 1, "display_name": "Dora"}]')
        online.settings = online.settings.model_copy(update={"nominatim_base_url": server.url})
        result = enrich(online, manual_seed=no_seed)
    row = book.coordinates()[DORA]
    assert result.counts["geocoder_failed"] == 1
    assert (row["attempts"], row["method"]) == (1, "parent_subdivision")
