"""A name that people write becomes the id that the service knows; any other name is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cerebras_sdk._core.aliases import resolve_model, retirement_notice, suggest_models
from cerebras_sdk._core.catalog import MODELS
from cerebras_sdk.errors import ModelRetiredError

SPELLINGS = {
    "openai/gpt-oss-120b": "gpt-oss-120b",
    "gpt-oss:120b": "gpt-oss-120b",
    "gptoss-120b": "gpt-oss-120b",
    "gpt-oss": "gpt-oss-120b",
    "cerebras/gpt-oss-120b": "gpt-oss-120b",
    "qwen3.8-27b": "qwen-3.8-27b",
    "Qwen3.8-27B": "qwen-3.8-27b",
    "qwen/qwen3.8-27b": "qwen-3.8-27b",
    "Qwen/Qwen3.8-27B": "qwen-3.8-27b",
    "google/gemma-4-31b": "gemma-4-31b",
    "gemma4-31b": "gemma-4-31b",
    "glm-4.7": "zai-glm-4.7",
    "zai-glm4.7": "zai-glm-4.7",
    "z-ai/glm-4.7": "zai-glm-4.7",
    "zai-org/GLM-4.7": "zai-glm-4.7",
    "glm-4.6": "zai-glm-4.6",
    "zai-glm4.6": "zai-glm-4.6",
    "llama-3.1-8b": "llama3.1-8b",
    "llama-3.1-8b-instruct": "llama3.1-8b",
    "meta-llama/Llama-3.1-8B-Instruct": "llama3.1-8b",
    "llama-3.1-70b": "llama3.1-70b",
    "llama3.3-70b": "llama-3.3-70b",
    "llama-3.3-70B": "llama-3.3-70b",
    "meta-llama/Llama-3.3-70B-Instruct": "llama-3.3-70b",
    "llama-4-scout": "llama-4-scout-17b-16e-instruct",
    "llama4-scout": "llama-4-scout-17b-16e-instruct",
    "llama-4-maverick": "llama-4-maverick-17b-128e-instruct",
    "deepseek-r1": "deepseek-r1-distill-llama-70b",
    "deepseek-r1-70b": "deepseek-r1-distill-llama-70b",
    "qwen3-32b": "qwen-3-32b",
    "Qwen/Qwen3-32B": "qwen-3-32b",
    "qwen-3-235b": "qwen-3-235b-a22b-instruct-2507",
    "qwen-235": "qwen-3-235b-a22b-instruct-2507",
    "qwen3-235b-a22b-instruct-2507": "qwen-3-235b-a22b-instruct-2507",
    "Qwen/Qwen3-235B-A22B-Instruct-2507": "qwen-3-235b-a22b-instruct-2507",
    "qwen3-coder": "qwen-3-coder-480b",
    "qwen3-coder-480b": "qwen-3-coder-480b",
    "Qwen/Qwen3-Coder-480B-A35B-Instruct": "qwen-3-coder-480b",
}
IDS = [model.id for model in MODELS]


@pytest.mark.parametrize(("spelling", "model_id"), SPELLINGS.items())
def test_a_spelling_that_people_use_resolves(spelling: str, model_id: str) -> None:
    assert resolve_model(spelling).id == model_id


@pytest.mark.parametrize("model_id", IDS)
def test_an_id_resolves_to_itself(model_id: str) -> None:
    assert resolve_model(model_id).id == model_id


@pytest.mark.parametrize("name", [*SPELLINGS, *IDS])
@pytest.mark.parametrize("form", ["{}", " {} ", "cerebras/{}", "Cerebras/openai/{}"])
def test_case_blanks_and_prefixes_make_no_difference(name: str, form: str) -> None:
    expected = resolve_model(name).id
    assert resolve_model(form.format(name.upper())).id == expected
    vendor, slash, model = name.rpartition("/")
    snake = vendor + slash + model.replace("-", "_")
    assert resolve_model(form.format(snake)).id == expected


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("GPT_OSS_120B", "gpt-oss-120b"),
        ("gptoss120b", "gpt-oss-120b"),
        ("llama31-8b", "llama3.1-8b"),
        ("llama-3-1-8b", "llama3.1-8b"),
        ("llama318b", "llama3.1-8b"),
        ("qwen38-27b", "qwen-3.8-27b"),
        ("llama-4-scout-17b-16e", "llama-4-scout-17b-16e-instruct"),
    ],
)
def test_separators_may_differ_or_be_missing(name: str, model_id: str) -> None:
    assert resolve_model(name).id == model_id


@pytest.mark.parametrize(
    "name",
    [
        "my-org-gpt-oss-120b",
        "my-org/gpt-oss-120b",
        "My-Org/GPT-OSS-120B",
        " padded ",
        "gpt-oss-20b",
        "gpt-oss-120b-preview",
        "gpt-oss-120b:free",
        "deepseek-ai/DeepSeek-R1",
        "openai/",
        "cerebras/qwen-4-32b",
        "qwen-3.3-2b",
        "llama-3-18b",
        "instruct",
        "-",
        "",
        "模型",
        "\ud800",
    ],
)
def test_an_unknown_name_is_sent_untouched(name: str) -> None:
    resolution = resolve_model(name, retired="error")
    assert resolution.id == name
    assert resolution.retirement is None
    assert retirement_notice(resolution) is None


@given(st.text())
def test_any_text_resolves_to_a_known_id_or_to_itself(name: str) -> None:
    assert resolve_model(name).id in {*IDS, name}
    assert resolve_model(name, retired="replace").id in {"gpt-oss-120b", "qwen-3.8-27b", name}
    assert suggest_models(name)


@given(
    st.sampled_from(["my-org", "acme", "x"]),
    st.sampled_from(["-", "/"]),
    st.sampled_from([*IDS, *SPELLINGS]),
)
def test_the_name_of_a_dedicated_endpoint_is_not_ours(org: str, mark: str, name: str) -> None:
    assert resolve_model(f"{org}{mark}{name}").id == f"{org}{mark}{name}"


def test_a_users_alias_comes_first() -> None:
    aliases = {"gpt-oss": "my-org-gpt", "fast": "my-org-fast"}
    assert resolve_model("gpt-oss", aliases=aliases).id == "my-org-gpt"
    assert resolve_model("fast", aliases=aliases).id == "my-org-fast"
    assert resolve_model("openai/gpt-oss-120b", aliases=aliases).id == "gpt-oss-120b"


def test_an_alias_is_found_in_any_case_but_its_exact_case_wins() -> None:
    aliases = {"Fast": "one", "fast": "two"}
    assert resolve_model("fast", aliases=aliases).id == "two"
    assert resolve_model(" FAST ", aliases=aliases).id == "one"


def test_the_target_of_an_alias_may_be_a_known_spelling() -> None:
    resolution = resolve_model("fast", aliases={"fast": "openai/gpt-oss-120b"})
    assert (resolution.id, resolution.asked) == ("gpt-oss-120b", "fast")


def test_the_target_of_an_alias_is_no_alias_again() -> None:
    assert resolve_model("a", aliases={"a": "b", "b": "c"}).id == "b"


def test_an_alias_to_a_retired_model_is_retired() -> None:
    aliases = {"small": "llama-3.1-8b"}
    notice = retirement_notice(resolve_model("small", aliases=aliases))
    assert notice is not None
    assert "'llama3.1-8b' (asked for as 'small')" in notice
    with pytest.raises(ModelRetiredError):
        resolve_model("small", aliases=aliases, retired="error")


@pytest.mark.parametrize("name", ["gpt-oss", "gemma-4-31b", "openai/gpt-oss-120b"])
def test_an_alias_of_a_name_to_itself_makes_the_name_final(name: str) -> None:
    resolution = resolve_model(name, aliases={name: name}, retired="error")
    assert resolution.id == name
    assert resolution.retirement is None


def test_a_final_name_is_sent_in_the_case_of_the_alias() -> None:
    assert resolve_model("GPT-OSS", aliases={"gpt-oss": "gpt-oss"}).id == "gpt-oss"


def test_a_retired_model_is_sent_as_asked_with_a_notice() -> None:
    resolution = resolve_model("llama3.1-8b")
    assert (resolution.id, resolution.replaced) == ("llama3.1-8b", False)
    notice = retirement_notice(resolution)
    assert notice is not None
    for part in ("'llama3.1-8b'", "2026-05-27", "'gpt-oss-120b'", 'retired_models="replace"'):
        assert part in notice


def test_the_notice_says_when_no_replacement_was_named() -> None:
    notice = retirement_notice(resolve_model("glm-4.7"))
    assert notice is not None
    assert "No official replacement was named; we suggest 'gpt-oss-120b'" in notice


def test_the_notice_says_when_the_replacement_is_gone_too() -> None:
    notice = retirement_notice(resolve_model("llama3.1-70b"))
    assert notice is not None
    assert "2025-01-17" in notice
    assert "'llama-3.3-70b', which is retired too: use 'gpt-oss-120b'" in notice


def test_replace_follows_to_a_live_model_without_a_notice() -> None:
    resolution = resolve_model("llama-3.1-70b", retired="replace")
    assert (resolution.id, resolution.replaced) == ("gpt-oss-120b", True)
    assert resolution.retirement is not None
    assert retirement_notice(resolution) is None
    assert resolve_model("gemma-4-31b", retired="replace").id == "qwen-3.8-27b"


def test_error_refuses_a_retired_model_and_names_what_to_use() -> None:
    with pytest.raises(ModelRetiredError, match=r"2025-08-12.*'qwen-3-32b'.*use 'gpt-oss-120b'"):
        resolve_model("deepseek-r1", retired="error")


@pytest.mark.parametrize("retired", ["replace", "error"])
def test_a_live_model_is_the_same_in_every_mode(retired: str) -> None:
    resolution = resolve_model("gpt-oss", retired=retired)  # type: ignore[arg-type]
    assert (resolution.id, resolution.replaced) == ("gpt-oss-120b", False)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("llama3.1-70b", "'llama3.1-70b' was retired on 2025-01-17; use 'gpt-oss-120b'."),
        ("llama-3.1-70b", "'llama3.1-70b' was retired on 2025-01-17; use 'gpt-oss-120b'."),
        ("gpt-os-120b", "Did you mean 'gpt-oss-120b'?"),
        ("openai/gpt-oss-20b", "Did you mean 'gpt-oss-120b'?"),
        ("qwen-3.8", "Did you mean 'qwen-3.8-27b'?"),
        (
            "llama-3-70b",
            "The closest known id, 'llama-3.3-70b', was retired on 2026-02-16; use 'gpt-oss-120b'.",
        ),
        ("something-else", "Known models: 'gpt-oss-120b', 'qwen-3.8-27b'."),
        (
            "gpt-oss-120b",
            "'gpt-oss-120b' is a public model: check that this key's account may use it.",
        ),
    ],
)
def test_an_unknown_model_is_answered_with_what_to_try(name: str, sentence: str) -> None:
    assert suggest_models(name) == sentence
