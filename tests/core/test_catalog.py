"""The catalog is complete and agrees with itself."""

from __future__ import annotations

import datetime

from cerebras_sdk._core.catalog import DEFAULT_MODEL, MODELS

BY_ID = {model.id: model for model in MODELS}


def test_the_live_models_are_those_of_the_models_page() -> None:
    live = [model.id for model in MODELS if model.retired is None]
    assert live == ["gpt-oss-120b", "qwen-3.8-27b"]
    assert DEFAULT_MODEL in live


def test_a_live_model_tells_its_limits_for_paid_and_trial_accounts() -> None:
    model = BY_ID["gpt-oss-120b"]
    assert (model.context_length, model.max_output_length) == (131_072, 40_960)
    assert (model.trial_context_length, model.trial_max_output_length) == (65_536, 32_768)
    assert BY_ID["qwen-3.8-27b"].trial_context_length == 65_536


def test_no_id_is_listed_twice() -> None:
    assert len(BY_ID) == len(MODELS)


def test_live_models_come_first_and_then_the_newest_retirement() -> None:
    dates = [model.retired.date if model.retired else datetime.date.max for model in MODELS]
    assert dates == sorted(dates, reverse=True)


def test_every_successor_is_a_live_model() -> None:
    for model in MODELS:
        if model.retired is not None:
            assert BY_ID[model.retired.successor].retired is None, model.id


def test_every_official_replacement_is_known_and_leads_to_the_successor() -> None:
    for model in MODELS:
        if model.retired is None or model.retired.replacement is None:
            continue
        replacement = BY_ID[model.retired.replacement]
        end = replacement.retired.successor if replacement.retired else replacement.id
        assert end == model.retired.successor, model.id


def test_retirement_dates_are_those_of_the_deprecation_page() -> None:
    dates = {model.id: str(model.retired.date) for model in MODELS if model.retired}
    assert dates == {
        "gemma-4-31b": "2026-09-03",
        "zai-glm-4.7": "2026-08-17",
        "llama3.1-8b": "2026-05-27",
        "qwen-3-235b-a22b-instruct-2507": "2026-05-27",
        "qwen-3-32b": "2026-02-16",
        "llama-3.3-70b": "2026-02-16",
        "zai-glm-4.6": "2026-01-20",
        "qwen-3-235b-a22b-thinking-2507": "2025-11-14",
        "qwen-3-coder-480b": "2025-11-05",
        "qwen-3-coder-480b-free": "2025-11-05",
        "llama-4-scout-17b-16e-instruct": "2025-11-03",
        "llama-4-maverick-17b-128e-instruct": "2025-10-15",
        "deepseek-r1-distill-llama-70b": "2025-08-12",
        "qwen-3-235b-a22b": "2025-07-29",
        "llama3.1-70b": "2025-01-17",
    }
