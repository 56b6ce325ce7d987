"""The OpenAPI document, the offline docs, a real server, and what the API does not load."""

from __future__ import annotations

import re
import subprocess
import sys
import threading

import httpx2

from api.auth import OPEN
from tests.api.filled import Filled
from tests.api.served import served

IDS = {
    "list_queues", "get_forecasts", "list_forecast_versions", "publish_forecast_version", "get_volumes", "post_volumes",
    "get_signals", "post_signals", "list_topics", "post_mentions", "list_evidence", "list_accuracy", "list_models",
    "list_job_runs", "healthz", "readyz", "metrics",
}  # fmt: skip


def test_operations_have_stable_ids_a_sentence_and_their_scope(filled: Filled) -> None:
    document = filled.client().get("/openapi.json").json()
    assert (document["info"]["title"], document["openapi"]) == ("Forecall", "3.1.0")
    found = {}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            found[operation["operationId"]] = operation
            assert operation["description"]
            assert (operation["security"] == []) == (path in OPEN)
    assert set(found) >= IDS
    assert found["publish_forecast_version"]["security"] == [{"key": ["plan"]}]
    assert found["post_mentions"]["security"] == [{"key": ["write"]}]
    assert "application/problem+json" in found["get_forecasts"]["responses"]["404"]["content"]


def test_the_docs_refer_to_no_other_host(filled: Filled) -> None:
    client = filled.client()
    for path in ("/docs", "/redoc"):
        page = client.get(path)
        assert page.status_code == 200 and "default-src 'self'" in page.headers["content-security-policy"]
        for address in re.findall(r"""(?:src|href)=["']([^"']+)""", page.text):
            assert address.startswith("/") and not address.startswith("//"), address
            assert client.get(address).status_code == 200
        assert not re.findall(r"https?://", page.text)


def test_the_api_starts_without_prophet_statsmodels_and_the_models() -> None:
    program = (
        "import sys; from api.app import create_app; from store.settings import Settings; "
        "from store.database import connect, sessions; create_app(Settings(), sessions(connect('sqlite://'))); "
        "heavy = {'prophet', 'statsmodels', 'lightgbm', 'py3langid', 'sklearn', 'cmdstanpy'} & set(sys.modules); "
        "models = {m for m in sys.modules if m.startswith('forecast.models.')} - {'forecast.models.base'}; "
        "print(sorted(heavy | models))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=240, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_real_server_answers_over_a_real_socket(filled: Filled) -> None:
    with served(filled.app) as address:
        headers = {"Authorization": f"Bearer {filled.keys['read']}"}
        with httpx2.Client(base_url=address, headers=headers, timeout=5) as client:
            assert client.get("/healthz").json() == {"status": "alive"}
            csv = client.get("/v1/forecasts", headers={"Accept": "text/csv"})
            assert csv.text.count("\r\n") == 1 + 194 + 97
            answers = []
            workers = [
                threading.Thread(target=lambda: answers.append(client.get("/v1/volumes").status_code))
                for _ in range(8)
            ]
            for one in workers:
                one.start()
            for one in workers:
                one.join(timeout=10)
            assert answers == [200] * 8
